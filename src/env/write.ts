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
