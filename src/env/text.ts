/** What is wrong at a place of an env file, and the fix. Shows no text of the file but valid key names. */
export type EnvProblem = { readonly line: number; readonly column: number; readonly message: string };

/** @param index position in the whole text */
export function problemAt(text: string, index: number, message: string): EnvProblem {
  const before = text.slice(0, index).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1, message };
}

/** The index of the newline that ends the line, or of the end of the text. */
export function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from);
  return end === -1 ? text.length : end;
}

/** Bytes as text; what is not UTF-8 becomes U+FFFD, and a byte order mark stays to be found. */
export const decode = (bytes: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

const BROKEN: readonly (readonly [RegExp, string])[] = [
  [/^\uFEFF/, 'a byte order mark: save the file as UTF-8 without one'],
  [/\0/, 'a NUL character, which no environment can hold: is this a text file?'],
  [/[\uFFFD\p{Surrogate}]/u, 'not valid UTF-8: save the file as UTF-8'],
  [
    /\r(?!\n)/,
    'a carriage return inside a line: end lines with LF or CRLF; in a value write \\r between double quotes',
  ],
];

/** Why a text cannot be read as lines at all, or null. */
export function brokenText(text: string): EnvProblem | null {
  for (const [pattern, message] of BROKEN) {
    const found = pattern.exec(text);
    if (found !== null) return problemAt(text, found.index, message);
  }
  return null;
}
