import { access, stat } from 'node:fs/promises';
import { lastLines, runCommand } from '../../local/command.ts';
import { NotAFile, readLocalText } from '../../local/file.ts';
import { InputError, type SecretSource } from '../../tasks/define.ts';
import type { Invoker } from '../invoker.ts';
import { localPath } from '../ssh/ssh-tokens.ts';

/** Milliseconds that a command may take to print a secret; a person may have to touch a key. */
const TIME_LIMIT = 120_000;

/**
 * A secret's text. Messages name the source and what a command said on standard error, never what was read.
 * @throws InputError
 */
export async function readSecret(
  source: SecretSource,
  projectDir: string,
  invoker: Invoker,
  warn: (text: string) => void,
): Promise<string> {
  if (typeof source === 'string') return readSecretFile(source, localPath(source, invoker, projectDir), warn);
  if ('env' in source) {
    const value = invoker.env[source.env];
    if (value === undefined) throw new InputError(`the environment variable ${source.env} is not set`);
    return value;
  }
  const [program, ...args] = source.command;
  if (program === undefined) throw new InputError('the command for this secret is empty');
  const options = { cwd: projectDir, env: { ...invoker.env }, timeoutMs: TIME_LIMIT };
  const result = await runCommand([program, ...args], options);
  const said = result.stderr.trim() === '' ? '' : `:\n${lastLines(result.stderr)}`;
  if (!result.ran) throw new InputError(`the command ${program} for this secret ${result.why}${said}`);
  if (result.code !== 0) {
    throw new InputError(`the command ${program} for this secret ended with exit code ${result.code}${said}`);
  }
  return result.stdout;
}

async function readSecretFile(shown: string, path: string, warn: (text: string) => void): Promise<string> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) warn(`${shown} can be read by other users of this machine: chmod 600 ${shown}`);
    return await readLocalText(path);
  } catch (error) {
    if (error instanceof NotAFile)
      throw new InputError(`${unreadable(shown, error)}, or let a command print it: { command: [PROGRAM, …] }`);
    const example = await access(`${path}.example`).then(
      () => `; copy ${shown}.example, fill it in, and chmod 600 it`,
      () => '',
    );
    throw new InputError(`${unreadable(shown, error)}${example}`);
  }
}

/** Why a local file could not be read, naming it as the operator did. */
export function unreadable(shown: string, error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof NotAFile) return `${shown} ${message}`;
  if (code === 'ENOENT' || code === 'ENOTDIR') return `the file ${shown} does not exist`;
  if (code === 'EACCES') return `the file ${shown} cannot be read: permission denied`;
  return `the file ${shown} cannot be read: ${message}`;
}
