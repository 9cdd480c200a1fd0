import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type MarkdownPage, PAGES, proseOf } from './pages.ts';

const root = join(import.meta.dirname, '../..');

/** Names of the headings as GitHub makes them: the second of two alike has a number. */
function anchorsOf({ text }: MarkdownPage): ReadonlySet<string> {
  const seen = new Map<string, number>();
  const heads = [...proseOf(text).matchAll(/^#{1,6} (.*)$/gm)].map(([, head = '']) =>
    head
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .trim()
      .replaceAll(' ', '-'),
  );
  return new Set(
    heads.map((name) => {
      const before = seen.get(name) ?? 0;
      seen.set(name, before + 1);
      return before === 0 ? name : `${name}-${before}`;
    }),
  );
}

const anchors = new Map(PAGES.map((page) => [page.path, anchorsOf(page)]));

const { homepage } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
/** What the package does not have is linked where the project is. */
const OURS = `${homepage.split('#')[0]}/blob/main/`;

/** The file of the project that a link leads to. */
function fileOf(path: string, link: string): string {
  const [file = ''] = link.split('#');
  if (file.startsWith(OURS)) return file.slice(OURS.length);
  return file === '' ? path : normalize(join(dirname(path), file));
}

/** Where the links of a page lead, and lead nowhere. */
const broken = ({ path, text }: MarkdownPage, of = anchors): readonly string[] =>
  linksOf(text).flatMap((link) => {
    const [, anchor] = link.split('#');
    const to = fileOf(path, link);
    if (to.startsWith('..') || !existsSync(join(root, to))) return [`${path}: there is no ${link}`];
    if (anchor === undefined) return [];
    if (statSync(join(root, to)).isFile() && of.get(to)?.has(anchor) === true) return [];
    return [`${path}: ${to} has no #${anchor}`];
  });

/** Links into the project, pictures among them. */
const linksOf = (text: string): readonly string[] =>
  [...proseOf(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, link = '']) => link)
    .filter((link) => !/^[a-z]+:/.test(link) || link.startsWith(OURS));

/** Links of a page of the package that lead out of it, though whoever has it has nothing else. */
const outside = ({ path, text }: MarkdownPage, packed: ReadonlySet<string>): readonly string[] =>
  linksOf(text)
    .filter((link) => !link.startsWith(OURS))
    .filter((link) => ![...packed].some((file) => `${file}/`.startsWith(`${fileOf(path, link)}/`)))
    .map((link) => `${path}: ${link}`);

describe('the pages', () => {
  it('have links that lead somewhere, to a heading where they name one', () => {
    expect(PAGES.flatMap(({ text }) => linksOf(text)).length).toBeGreaterThan(150);
    expect(PAGES.flatMap((page) => broken(page))).toEqual([]);
  });

  it('have none that leads out of the package, where they are part of it', () => {
    const packed = new Set(readFileSync(join(root, 'scripts/package-files.txt'), 'utf8').trim().split('\n'));
    const pages = PAGES.filter(({ path }) => packed.has(path));
    expect(pages.length).toBeGreaterThan(30);
    expect(pages.flatMap((page) => outside(page, packed))).toEqual([]);
    const text = `[x](HOST.md#files) [y](PERFORMANCE.md) [z](guides) [v](${OURS}docs/PERFORMANCE.md)`;
    expect(outside({ path: 'docs/THREATS.md', text }, packed)).toEqual(['docs/THREATS.md: PERFORMANCE.md']);
  });

  it('would have a broken one named', () => {
    const text =
      '# A `b` c\n\n[x](#a-b-c) [y](#d) [z](docs/HOST.md#files) [w](docs/HOST.md#file) [v](docs/no.md)\n' +
      `[u](${OURS}no.md)`;
    const page = { path: 'README.md', text };
    expect(broken(page, new Map([...anchors, ['README.md', anchorsOf(page)]]))).toEqual([
      'README.md: README.md has no #d',
      'README.md: docs/HOST.md has no #file',
      'README.md: there is no docs/no.md',
      `README.md: there is no ${OURS}no.md`,
    ]);
  });

  it('are all found from the list of all pages', () => {
    const listed = new Set(
      linksOf(PAGES.find(({ path }) => path === 'docs/README.md')?.text ?? '').map((link) =>
        fileOf('docs/README.md', link),
      ),
    );
    expect(PAGES.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !listed.has(path))).toEqual([
      'docs/README.md',
    ]);
  });

  it('begin with one README that is read in five minutes', () => {
    const readme = PAGES.find(({ path }) => path === 'README.md')?.text ?? '';
    expect(Buffer.byteLength(readme)).toBeLessThanOrEqual(8192);
    // CI types them in a folder of its own (scripts/fresh.mjs), and whoever looks at the project does.
    expect(readme).toMatch(/^npm ci && npm run demo {4}/m);
    expect(readme).toMatch(/^npm ci && npm test {8}/m);
    const install = 'npm ci && npm run build && npm install --global "./$(npm pack --silent)"';
    expect(readme).toContain(`\n${install}\nfleet --help\n`);
    expect(readFileSync(join(root, 'scripts/fresh.mjs'), 'utf8')).toContain(`\`${install} && cd / && fleet --help\``);
  });
});
