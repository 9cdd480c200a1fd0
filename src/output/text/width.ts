/** Marks that take no column, and characters that take two: enough for names and log lines, not a full Unicode table. */
const NO_WIDTH = /\p{Mark}/u;
const TWO_WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const ONLY_ASCII = /^[\x20-\x7e]*$/;

function widthOf(char: string): number {
  if (NO_WIDTH.test(char)) return 0;
  return TWO_WIDE.test(char) ? 2 : 1;
}

/** Columns that a text takes on a terminal. It must be free of escape sequences. */
export function displayWidth(text: string): number {
  if (ONLY_ASCII.test(text)) return text.length;
  let width = 0;
  for (const char of text) width += widthOf(char);
  return width;
}

/** The text, cut to at most `width` columns with `…` as its last one. */
export function cutTo(text: string, width: number): string {
  if (width <= 0) return '';
  if (text.length <= width && ONLY_ASCII.test(text)) return text;
  if (displayWidth(text) <= width) return text;
  let used = 0;
  let kept = '';
  for (const char of text) {
    used += widthOf(char);
    if (used > width - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - displayWidth(text)));

/**
 * The text in lines of at most `width` columns, broken between words, each as far in as the first; a word that is
 * longer keeps a line to itself.
 */
export function wrap(text: string, width: number): string[] {
  if (displayWidth(text) <= width) return [text];
  const indent = /^ */.exec(text)?.[0] ?? '';
  const lines: string[] = [];
  let line = '';
  for (const word of text.trimStart().split(' ')) {
    const longer = line === '' ? indent + word : `${line} ${word}`;
    if (line !== '' && displayWidth(longer) > width) {
      lines.push(line);
      line = indent + word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
