/** How a value was cut into words. `end` tells why the cutting stopped. */
export type Words = {
  readonly words: readonly string[];
  /** An escape that systemd does not know was kept as it stands. */
  readonly unknownEscape: boolean;
  /** A quote is never closed: systemd drops what follows the words so far. */
  readonly unbalanced: boolean;
};

export type NextWord =
  | { readonly at: 'word'; readonly word: string; readonly next: number; readonly unknownEscape: boolean }
  | { readonly at: 'end' }
  | { readonly at: 'unbalanced' };

/** Whether backslashes begin C escapes (command lines, Environment=) or are kept (unit names). */
export type Escapes = 'c' | 'keep';

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

type Escape = { readonly bytes: readonly number[]; readonly length: number };

const utf8 = new TextEncoder();
const bytesOf = (text: string) => [...utf8.encode(text)];

/** Reads the escape after a backslash; `\xNN` and octal are bytes, not characters. NUL is no valid escape. */
function readEscape(text: string, at: number): Escape | null {
  const simple = SIMPLE[text[at] ?? ''];
  if (simple !== undefined) return { bytes: bytesOf(simple), length: 1 };
  const code =
    /^x([0-9A-Fa-f]{2})/.exec(text.slice(at, at + 3)) ??
    /^u([0-9A-Fa-f]{4})/.exec(text.slice(at, at + 5)) ??
    /^U([0-9A-Fa-f]{8})/.exec(text.slice(at, at + 9));
  const octal = /^[0-7]{3}/.exec(text.slice(at, at + 3));
  const value = code ? Number.parseInt(code[1] ?? '', 16) : octal ? Number.parseInt(octal[0], 8) : 0;
  const length = (code ?? octal)?.[0].length ?? 0;
  if (value === 0 || value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff)) return null;
  if (text[at] === 'u' || text[at] === 'U') return { bytes: bytesOf(String.fromCodePoint(value)), length };
  return value > 255 ? null : { bytes: [value], length };
}

/** The whole character at a place; '' at the end. */
const charAt = (text: string, at: number) =>
  String.fromCodePoint(...[text.codePointAt(at)].filter((c) => c !== undefined));

const isSpace = (c: string) => c === ' ' || c === '\t' || c === '\n' || c === '\r';

/** The next word of a value; quotes may begin and end anywhere in a word and are removed. */
export function nextWord(text: string, from: number, escapes: Escapes): NextWord {
  let at = from;
  while (at < text.length && isSpace(text.charAt(at))) at += 1;
  if (at >= text.length) return { at: 'end' };

  const bytes: number[] = [];
  let quote = '';
  let unknownEscape = false;
  while (at < text.length) {
    const c = charAt(text, at);
    at += c.length;
    if (c === '\\' && escapes === 'c') {
      const code = readEscape(text, at);
      if (code) bytes.push(...code.bytes);
      // An unknown escape protects its character all the same, white space included.
      else bytes.push(0x5c, ...bytesOf(charAt(text, at)));
      at += code?.length ?? charAt(text, at).length;
      unknownEscape ||= code === null;
    } else if (quote !== '') {
      if (c === quote) quote = '';
      else bytes.push(...bytesOf(c));
    } else if (c === '"' || c === "'") quote = c;
    else if (isSpace(c)) break;
    else bytes.push(...bytesOf(c));
  }
  if (quote !== '') return { at: 'unbalanced' };
  while (at < text.length && isSpace(text.charAt(at))) at += 1;
  return { at: 'word', word: new TextDecoder().decode(Uint8Array.from(bytes)), next: at, unknownEscape };
}

/** Cuts a whole value into words. */
export function splitWords(text: string, escapes: Escapes): Words {
  const words: string[] = [];
  let unknownEscape = false;
  for (let at = 0; ; ) {
    const found = nextWord(text, at, escapes);
    if (found.at !== 'word') return { words, unknownEscape, unbalanced: found.at === 'unbalanced' };
    words.push(found.word);
    unknownEscape ||= found.unknownEscape;
    at = found.next;
  }
}

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
