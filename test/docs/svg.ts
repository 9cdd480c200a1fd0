import type { Cell } from '../output/terminal.ts';

const COLOURS: Readonly<Record<number, string>> = { 31: '#f47067', 32: '#57ab5a', 33: '#daaa3f', 39: '#d6dde5' };
const BACKGROUND = '#1c2128';
const [WIDE, HIGH, EDGE] = [8, 18, 14];

/** A picture of a terminal, letter for letter. @param columns how wide it is @param title for whoever does not see it */
export function svg(lines: readonly (readonly Cell[])[], columns: number, title: string): string {
  const [width, height] = [columns * WIDE + 2 * EDGE, lines.length * HIGH + 2 * EDGE];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>`,
    '<g font-family="ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace" font-size="13" xml:space="preserve">',
    ...lines.flatMap((line, row) => runsOf(line).map((run) => textOf(run, row))),
    '</g>',
    '</svg>',
    '',
  ].join('\n');
}

type Run = { readonly at: number; readonly text: string; readonly colour: number; readonly weight: number };

/** Letters beside each other that look alike; what is only blank is not drawn. */
function runsOf(line: readonly Cell[]): readonly Run[] {
  const runs: Run[] = [];
  for (const [at, { char, colour, weight }] of line.entries()) {
    const last = runs.at(-1);
    if (last !== undefined && last.colour === colour && last.weight === weight)
      runs[runs.length - 1] = { ...last, text: last.text + char };
    else runs.push({ at, text: char, colour, weight });
  }
  return runs.filter(({ text }) => text.trim() !== '');
}

function textOf({ at, text, colour, weight }: Run, row: number): string {
  const shown = text.trim();
  const before = text.length - text.trimStart().length;
  const [x, y] = [EDGE + (at + before) * WIDE, EDGE + row * HIGH + 13];
  const look = weight === 1 ? ' font-weight="bold"' : weight === 2 ? ' opacity="0.6"' : '';
  // The place of a letter is its column, whatever font there is.
  return `<text x="${x}" y="${y}" textLength="${shown.length * WIDE}" fill="${COLOURS[colour]}"${look}>${escaped(shown)}</text>`;
}

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
