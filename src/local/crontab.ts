import { type CommandResult, runCommand } from './command.ts';

// The crontab of whoever runs us, through the program of that name: where it lies, and who may write there, is its business.

type Ran = { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string };

/** What the program says of somebody who has none: Debian, Fedora and Alpine; busybox. */
const NONE = /^no crontab for |can't open '[^']*': No such file or directory/m;

/** The text; empty where there is none. Whatever else cannot be read is an error, since it would be overwritten. */
export async function readCrontab(ran: Ran): Promise<{ readonly text: string } | { readonly why: string }> {
  const listed = await crontab(['-l'], ran);
  if (!listed.ran) return { why: `crontab ${listed.why}` };
  if (listed.code === 0)
    return listed.stdout.includes('\uFFFD')
      ? { why: 'the crontab holds bytes that are no UTF-8' }
      : { text: listed.stdout };
  // Debian's old ones say it on standard output.
  if (NONE.test(`${listed.stderr}\n${listed.stdout}`)) return { text: '' };
  return { why: `crontab -l ended with ${listed.code}: ${listed.stderr.trim()}` };
}

/** @returns why it was not written, or null */
export async function writeCrontab(text: string, ran: Ran): Promise<string | null> {
  const written = await crontab(['-'], ran, Buffer.from(text));
  if (!written.ran) return `crontab ${written.why}`;
  return written.code === 0 ? null : `crontab - ended with ${written.code}: ${written.stderr.trim()}`;
}

/** In the words that `NONE` knows. */
const crontab = (args: readonly string[], { env, cwd }: Ran, input?: Uint8Array): Promise<CommandResult> =>
  runCommand(['crontab', ...args], {
    ...{ cwd, env: { ...env, LC_ALL: 'C' }, timeoutMs: 30_000 },
    ...(input === undefined ? {} : { input }),
  });
