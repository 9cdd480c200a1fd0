/**
 * Text from a host is evidence, not instructions to the terminal: control characters (C0, DEL, C1), line and paragraph
 * separators, and the characters that turn the reading direction around are written out instead of being obeyed. So is
 * what joins characters (U+200D), but where it makes one emoji of several.
 */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200c\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|(?<!\p{Extended_Pictographic}[\ufe0f\u{1f3fb}-\u{1f3ff}]?)\u200d|\u200d(?!\p{Extended_Pictographic})/gu;
const UNSAFE_BUT_NEWLINE = new RegExp(`(?!\\n)(?:${UNSAFE.source})`, 'gu');

/** Longest piece of one line that is shown; the rest is counted. */
const LONGEST = 2000;

const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '  ' };

function written(c: string): string {
  const code = c.charCodeAt(0);
  const hex = code.toString(16);
  return NAMED[c] ?? (code < 0x100 ? `\\x${hex.padStart(2, '0')}` : `\\u${hex.padStart(4, '0')}`);
}

function cut(line: string): string {
  if (line.length <= LONGEST) return line;
  return `${line.slice(0, LONGEST)}… (${line.length - LONGEST} more characters)`;
}

/** One line that is safe to show; a line break inside becomes a visible `\n`, so no line can be forged. */
export function clean(text: string): string {
  return cut(text.replace(/[\r\n]+$/, '')).replace(UNSAFE, written);
}

/** The same of a line that is wanted whole, however long it is. */
export const cleanWhole = (text: string): string => text.replace(UNSAFE, written);

/** Several lines that are safe to show, still separated by line feeds. */
export function cleanBlock(text: string): string {
  const lines = text.replaceAll('\r\n', '\n').split('\n').map(cut);
  return lines.join('\n').replace(UNSAFE_BUT_NEWLINE, written);
}

/** The fields that hold whole output of a command, where line feeds are structure. */
const BLOCKS: ReadonlySet<string> = new Set(['stdout', 'stderr']);

/** The same data with every string in it safe to show. For plain data: objects, arrays, strings, numbers. */
export function cleanAll<T>(value: T): T {
  return cleanValue(value, '') as T;
}

function cleanValue(value: unknown, key: string): unknown {
  if (typeof value === 'string') return BLOCKS.has(key) ? cleanBlock(value) : clean(value);
  if (Array.isArray(value)) return value.map((item) => cleanValue(item, key));
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, cleanValue(item, name)]));
}

/** JSON of one line that any terminal may print, with nothing lost: what JSON leaves as it is becomes `\uXXXX`. */
export function cleanJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
