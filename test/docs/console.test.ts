import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildCommand } from '../cli/built.ts';
import { missing, type Typed, type, typedIn } from './console.ts';
import { blocksOf, PAGES } from './pages.ts';
import { shopProject } from './shop.ts';

const typed = PAGES.map(({ path, text }) => ({ path, lines: typedIn(text) })).filter(({ lines }) => lines.length > 0);

/** README is typed to its end on a host (test/e2e/readme.test.ts); here, what contacts none. */
const offline = (path: string, lines: (typeof typed)[number]['lines']) =>
  path === 'README.md'
    ? lines.slice(
        0,
        lines.findIndex(({ command }) => command.startsWith('fleet plan')),
      )
    : lines;

const command = (text: string) => ({ at: 0, command: text, shown: [] });

/** Pages of a project with a host, and what was typed there before. */
const LIVE: Readonly<Record<string, readonly Typed[]>> = {
  'docs/guides/living.md': [command('fleet deploy --all')],
};

let built: Awaited<ReturnType<typeof buildCommand>>;
let folder: string;
beforeAll(async () => {
  built = await buildCommand();
  folder = mkdtempSync(join(tmpdir(), 'fleet-console-'));
  writeFileSync(join(folder, 'editor'), '#!/bin/sh\nsed -i s/192.0.2.10/203.0.113.10/ "$1"\n', { mode: 0o755 });
});
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await built[Symbol.asyncDispose]();
});

function world(name: string) {
  const home = join(folder, name.replaceAll('/', '-'));
  mkdirSync(home);
  const env = { PATH: process.env.PATH, HOME: home, EDITOR: join(folder, 'editor'), FLEET_SSH_CONFIG: 'none' };
  return { cli: built.file, folder: home, env, limitMs: 540_000 };
}

describe('what pages show is what comes out', () => {
  it('on the pages that show something, README among them', () => {
    expect(typed.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/guides/deploying.md']));
    expect(offline('README.md', typedIn(PAGES.find(({ path }) => path === 'README.md')?.text ?? '')).length).toBe(3);
  });

  it.each(typed)('$path', { timeout: 600_000 }, async ({ path, lines }) => {
    const here = offline(path, lines);
    const there = world(path);
    await using _ = path in LIVE ? await shopProject(there.folder) : null;
    const before = LIVE[path] ?? [];
    const came = (await type([...before, ...here], there)).slice(before.length);
    const wrong = here.flatMap(({ at, command, shown }, i) => {
      const line = missing(shown, came[i] ?? '');
      return line === null ? [] : [`${path}:${at}: $ ${command}\nnot there: ${line}\nin:\n${came[i]}`];
    });
    expect(wrong).toEqual([]);
  });

  it('and only what is typed has a prompt', () => {
    const others = PAGES.flatMap(({ path, text }) =>
      blocksOf(text)
        .filter(({ word, lines }) => (word === 'console') !== (lines[0]?.startsWith('$ ') === true))
        .map(({ at }) => `${path}:${at}`),
    );
    expect(others).toEqual([]);
  });

  it('and another output would be noticed', async () => {
    const page = '```console\n$ echo one; echo two\none\n$ echo three >&2\n…\nfour\n```\n';
    const lines = typedIn(page);
    const came = await type(lines, world('control'));
    expect(lines.map(({ shown }, i) => missing(shown, came[i] ?? ''))).toEqual(['nothing more than one', 'four']);
  });
});

describe('a page line stands for', () => {
  it('times, numbers of processes, dates, blanks, and whatever is left out', () => {
    const shown = ['a  b 1.5s pid 4 (10ms)', '…', 'at 2026-11-20 09:04:08 by alice@laptop, … of 203.0.113.10'];
    const came = 'a     b 12s pid 4711 (3ms)\nx\ny\nat 2027-01-01 00:00:00 by it@h-1, all of [::1]:22\n';
    expect(missing(shown, came)).toBe(null);
  });

  it('itself, letter by letter, else', () => {
    expect(missing(['a.b'], 'axb\n')).toBe('a.b');
    expect(missing(['b'], 'a\nb\n')).toBe('b');
    expect(missing(['…', 'b'], 'a\nb\n')).toBe(null);
    expect(missing(['a', '…'], 'a\n')).toBe(null);
    expect(missing([], 'a\n')).toBe('nothing more than undefined');
  });
});
