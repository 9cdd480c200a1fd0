import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import { appendTo } from '../local/log-file.ts';
import type { CliContext, HostFlags } from './context.ts';
import { UsageError } from './refusal.ts';
import { VERSION } from './version.ts';

/** The file that `--log-file` names; null where it does not. @throws UsageError where it cannot be written */
export function openLog({ logFile }: HostFlags, command: string, { invoker, stderr }: CliContext): Writable | null {
  if (logFile === undefined) return null;
  try {
    const log = appendTo(resolve(invoker.cwd, logFile));
    log.once('error', ({ message }) =>
      stderr.write(`fleet: ${logFile} is written no more (${message}); the run goes on\n`),
    );
    log.write(`# ${new Date().toISOString()} fleet ${VERSION} ${command}, by ${invoker.user}\n`);
    return log;
  } catch (error) {
    throw new UsageError(`--log-file ${logFile} cannot be written: ${(error as Error).message}\nno host was contacted`);
  }
}
