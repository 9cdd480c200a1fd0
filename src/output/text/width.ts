import stringWidth from 'fast-string-width';

const ONLY_ASCII = /^[\x20-\x7e]*$/;
/** What a terminal shows as one sign: a letter with its marks, an emoji with its skin and family. Made late: it takes 20 ms. */
const signs = () => new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Columns that a text takes on a terminal; escape sequences take none. */
export const displayWidth = (text: string): number => (ONLY_ASCII.test(text) ? text.length : stringWidth(text));

/** The text, cut to at most `width` columns with `…` as its last one. It must be free of escape sequences. */
export function cutTo(text: string, width: number): string {
  if (width <= 0) return '';
  if (displayWidth(text) <= width) return text;
  let used = 0;
  let kept = '';
  for (const { segment } of signs().segment(text)) {
    used += displayWidth(segment);
    if (used > width - 1) break;
    kept += segment;
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
