import { type EnvEntry, isKey } from './key.ts';

/**
 * An env file in the one dialect that systemd, dash, bash and busybox ash read alike.
 * @throws on a key or a value that cannot be carried at all; the parser refuses both before.
 */
export function writeEnv(entries: readonly EnvEntry[]): string {
  return entries.map(({ key, value }) => `${checkKey(key)}=${writeValue(key, value)}\n`).join('');
}

function writeValue(key: string, value: string): string {
  if (value.includes('\0') || /\p{Surrogate}/u.test(value)) throw new Error(`the value of ${key} is not text`);
  if (/^[A-Za-z0-9_./:@%+,=-]*$/.test(value)) return value;
  if (!value.includes("'")) return `'${value}'`;
  if (!/["\\$`]/.test(value)) return `"${value}"`;
  // Closing and reopening quotes concatenates in systemd as it does in sh; `'\''` does not.
  return `'${value.replaceAll("'", `'"'"'`)}'`;
}

function checkKey(key: string): string {
  if (!isKey(key)) throw new Error(`not a key of an env file: ${key}`);
  return key;
}

/**
 * The oldest systemd known to read a value of the canonical dialect unchanged; 0 for any. Older ones drop values with
 * control characters, or with newlines, and lose backslashes even between single quotes (systemd issue 10659).
 */
export function systemdNeeded(value: string): number {
  if (/[\u0001-\u0008\u000b-\u001f\u007f]/.test(value)) return 249;
  return /[\n\\]/.test(value) ? 245 : 0;
}

/**
 * Whether node's --env-file or python-dotenv read the canonical form of a value otherwise than systemd and shells do:
 * neither joins pieces in quotes, python-dotenv unescapes backslashes between single quotes and fills in `${…}` there,
 * and node knows no carriage return.
 */
export function dotenvDiffers(value: string): boolean {
  if (value.includes("'") && /["\\$`]/.test(value)) return true;
  return /\\[\\']|\\$|\$\{|\r/.test(value);
}
