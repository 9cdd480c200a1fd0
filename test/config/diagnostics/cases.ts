import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export type Case = { readonly title: string; readonly input: string; readonly expected: string };

/** Cases of a text file: `=== title`, the input, `---->`, what fleet says. */
export function readCases(name: string): readonly Case[] {
  const text = readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
  return text
    .split(/^=== /m)
    .slice(1)
    .map((block) => {
      const [head = '', expected = ''] = block.split(/^---->\n/m);
      const newline = head.indexOf('\n');
      return { title: head.slice(0, newline), input: head.slice(newline + 1), expected: expected.trim() };
    });
}
