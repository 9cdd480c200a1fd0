import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const text = (path: string) => readFileSync(`${root}${path}`, 'utf8');

const tests = readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.ts$/.test(file) && file !== 'seeds.test.ts')
  .map((file) => text(`test/${file}`))
  .join('\n');

type Row = { readonly number: number; readonly shown: string };

const rows = text('docs/SEEDS.md')
  .split('\n')
  .flatMap((line): Row[] => {
    const cells = /^\| (\d+) \|(.*)\|$/.exec(line);
    return cells === null ? [] : [{ number: Number(cells[1]), shown: cells[2]?.split(' | ').at(-1)?.trim() ?? '' }];
  });

/** What stands behind each `›`, up to the next separator; "…" stands for the rest of a name. */
const namesOf = (shown: string): readonly string[] =>
  shown
    .split('›')
    .slice(1)
    .flatMap((part) => part.split(/;| · |, (?=[A-Z] ?›?)| \(|\. (?=[A-Z`])/)[0]?.split('…') ?? [])
    .map((piece) =>
      piece
        .replaceAll('`', '')
        .replace(/[,.:]$/, '')
        .trim(),
    )
    .filter((piece) => piece.length > 5);

describe('docs/SEEDS.md', () => {
  it('has every one of the 111 requirements', () => {
    const numbers = new Set(rows.map(({ number }) => number));
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 111 }, (_, i) => i + 1));
  });

  it('says of each what shows it, or that nothing does', () => {
    expect(rows.filter(({ shown }) => shown.length < 1)).toEqual([]);
  });

  it('names only tests that there are', () => {
    const missing = rows.flatMap(({ number, shown }) =>
      namesOf(shown)
        .filter((name) => !tests.includes(name))
        .map((name) => `${number}: ${name}`),
    );
    expect(missing).toEqual([]);
    expect(rows.flatMap(({ shown }) => namesOf(shown)).length).toBeGreaterThan(100);
  });

  it('names only files that there are', () => {
    const files =
      text('docs/SEEDS.md').match(/\b(?:test|src|units|playbooks|inventory|secrets)\/[\w./@-]+\.\w+/g) ?? [];
    expect(files.length).toBeGreaterThan(30);
    // Whoever uses it writes the secrets; the example is what is here.
    const there = (file: string) => existsSync(`${root}${file}`) || existsSync(`${root}${file}.example`);
    expect(files.filter((file) => !there(file))).toEqual([]);
  });
});
