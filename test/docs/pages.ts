import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

export type MarkdownPage = { readonly path: string; readonly text: string };

/** The pages for readers: those in the project's folder and all of docs/. */
export const PAGES: readonly MarkdownPage[] = [
  ...readdirSync(root).filter((file) => file.endsWith('.md')),
  ...(readdirSync(join(root, 'docs'), { recursive: true }) as string[])
    .filter((file) => file.endsWith('.md'))
    .map((file) => `docs/${file}`),
]
  .sort()
  .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));

/** A fenced block: the word behind the fence, its lines, and where the first of them stands. */
export type Block = { readonly word: string; readonly lines: readonly string[]; readonly at: number };

export function blocksOf(text: string): readonly Block[] {
  const blocks: Block[] = [];
  let open: { word: string; lines: string[]; at: number } | null = null;
  for (const [i, line] of text.split('\n').entries()) {
    const fence = /^ *```(\S*)/.exec(line);
    if (open === null) open = fence === null ? null : { word: fence[1] ?? '', lines: [], at: i + 2 };
    else if (fence === null) open.lines.push(line);
    else {
      blocks.push(open);
      open = null;
    }
  }
  return blocks;
}

/** Its text without blocks, and without what is in backticks: no link stands there. */
export function proseOf(text: string): string {
  const blocks = blocksOf(text);
  const inside = new Set(blocks.flatMap(({ at, lines }) => [-1, ...lines.keys(), lines.length].map((i) => at + i)));
  return text
    .split('\n')
    .map((line, i) => (inside.has(i + 1) ? '' : line))
    .join('\n');
}
