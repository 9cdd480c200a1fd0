const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\t': '\\t', '%': '%%' };

/**
 * One `NAME=value` as a word of Environment=, so that systemd hands over exactly this value. Values with line breaks or
 * other control characters but tabs are not meant for it: what systemd makes of them depends on its version.
 */
export function environmentWord(name: string, value: string): string {
  const word = `${name}=${value}`;
  if (/^[\w./:@+,=-]*$/.test(word)) return word;
  return `"${word.replace(/[\\"\t%]/g, (c) => ESCAPES[c] ?? c)}"`;
}
