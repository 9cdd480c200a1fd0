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
