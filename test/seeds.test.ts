import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const text = (path: string) => readFileSync(`${root}${path}`, 'utf8');

const tests = new Map(
  readdirSync(`${root}test`, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.ts$/.test(file) && file !== 'seeds.test.ts')
    .map((file): [string, string] => [`test/${file}`, text(`test/${file}`)]),
);

type Row = { readonly number: number; readonly shown: string; readonly files: Files };
/** Which file a letter or a word of a section stands for; '' for a name without one. */
type Files = Readonly<Record<string, string>>;

/** What the words in front of a table say of that, each file in its folder or beside the one before it. */
function legendOf(section: string): Files {
  const found: Record<string, string> = {};
  let folder = 'test';
  const said =
    /\*\*([A-Z])\*\*\s+`([\w./-]+)`|"(\w+)"\s+is\s+`([\w./-]+)`|`([\w./-]+)`\s+(?:is |beside it )?([A-Z])\b|(without a file) are in\s+`([\w./-]+)`/g;
  for (const [, a, inA, b, inB, inC, c, d, inD] of (section.split(/^\|/m)[0] ?? '').matchAll(said)) {
    const file = inA ?? inB ?? inC ?? inD ?? '';
    const path = file.startsWith('test/') ? file : `${folder}/${file}`;
    folder = path.slice(0, path.lastIndexOf('/'));
    found[d === undefined ? (a ?? b ?? c ?? '') : ''] = path;
  }
  return found;
}

const rows = text('docs/SEEDS.md')
  .split(/^##+ /m)
  .flatMap((section) => section.split('\n').map((line) => ({ line, files: legendOf(section) })))
  .flatMap(({ line, files }): Row[] => {
    const cells = /^\| (\d+) \|(.*)\|$/.exec(line);
    if (cells === null) return [];
    return [{ number: Number(cells[1]), shown: cells[2]?.split(' | ').at(-1)?.trim() ?? '', files }];
  });

/** What a file says of its tests: its own text, and that of the stories and helpers beside it that it plays. */
const saidIn = (file: string): string => {
  const own = tests.get(file) ?? '';
  const beside = [...own.matchAll(/from '(\.[^']*)'/g)].map(([, path = '']) => normalize(join(dirname(file), path)));
  return [own, ...beside.map((path) => tests.get(path) ?? '')].join('\n');
};

/** The files that stand in front of each `›` of a row. */
const filesOf = ({ shown, files }: Row): readonly (readonly string[])[] =>
  shown
    .split('›')
    .slice(0, -1)
    .map((before) => {
      const named = /(`test\/[\w./-]+`|\b(?:[A-Z](?:, [A-Z])*|e2e|app|process)) $/.exec(before)?.[1] ?? '';
      return named.startsWith('`') ? [named.slice(1, -1)] : named.split(', ').map((one) => files[one] ?? `"${one}"`);
    });

/** What stands behind each `›`, up to the next separator; "…" stands for the rest of a name. */
const namesOf = (shown: string): readonly (readonly string[])[] =>
  shown
    .split('›')
    .slice(1)
    .map((part) =>
      (part.split(/;| · |, (?=[A-Z] ?›?)| \(|\. (?=[A-Z`])/)[0]?.split('…') ?? [])
        .map((piece) =>
          piece
            .replaceAll('`', '')
            .replace(/[,.:]$/, '')
            .trim(),
        )
        .filter((piece) => piece.length > 5),
    );

/** Names that none of the files in front of them has. */
const missingIn = (row: Row): readonly string[] =>
  namesOf(row.shown).flatMap((names, i) => {
    const of = filesOf(row)[i] ?? [];
    return names
      .filter((name) => !of.some((file) => saidIn(file).includes(name)))
      .map((name) => `${row.number}: ${of.join(', ')} › ${name}`);
  });

describe('docs/SEEDS.md', () => {
  it('has every one of the 111 requirements', () => {
    const numbers = new Set(rows.map(({ number }) => number));
    expect([...numbers].sort((a, b) => a - b)).toEqual(Array.from({ length: 111 }, (_, i) => i + 1));
  });

  it('says of each what shows it, or that nothing does', () => {
    expect(rows.filter(({ shown }) => shown.length < 1)).toEqual([]);
  });

  it('names only tests that there are, in the file that it names', () => {
    expect(rows.flatMap(missingIn)).toEqual([]);
    expect(rows.flatMap(({ shown }) => namesOf(shown).flat()).length).toBeGreaterThan(100);
    // A name that only another file has.
    const shown = '`test/seeds.test.ts` › first deploy; A › first deploy';
    const elsewhere = { number: 0, shown, files: { A: 'test/library/api.test.ts' } };
    expect(missingIn(elsewhere)).toEqual([
      '0: test/seeds.test.ts › first deploy',
      '0: test/library/api.test.ts › first deploy',
    ]);
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
