import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDigests } from '../../src/config/inputs/digests.ts';
import { readTree } from '../../src/config/inputs/tree.ts';
import { cacheFolder } from '../../src/local/cache.ts';
import { folderWith } from './project-folder.ts';

const LARGE = 40 * 1024 * 1024;
const MINUTE = 60_000;
/** Who alone can give files away. */
const ROOT = process.getuid?.() === 0;

/**
 * A tree that is worth a cache: one large file, which takes no space, beside what a test is about. `later` is how far
 * the clock stands ahead of that of the file system, so that no test has to wait.
 */
async function large(files: Readonly<Record<string, string>> = { a: 'one', b: 'two' }, later = MINUTE) {
  const folder = await folderWith(
    Object.fromEntries(Object.entries(files).map(([name, text]) => [`app/${name}`, text])),
  );
  const app = join(folder.dir, 'app');
  writeFileSync(join(app, 'large'), '');
  truncateSync(join(app, 'large'), LARGE);
  const cache = join(folder.dir, 'home/.cache/fleet');
  mkdirSync(join(folder.dir, 'home'));
  const told: string[] = [];
  return {
    ...{ app, cache, told },
    at: (path: string) => join(app, path),
    read: (ahead = later, exclude: readonly string[] = []) =>
      readTree(app, 'app', exclude, [], (text) => told.push(text), { folder: cache, now: () => Date.now() + ahead }),
    /** What it really is. */
    fresh: () => readTree(app, 'app', [], []),
    kept: () => readdirSync(cache).map((name) => join(cache, name)),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

const sha256 = (data: string) => createHash('sha256').update(data).digest('hex');

/** Bytes that this process has read meanwhile, from whatever it was. */
async function bytesRead(work: () => Promise<unknown>): Promise<number> {
  const soFar = () => Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1]);
  const before = soFar();
  await work();
  return soFar() - before;
}

describe('a large tree', () => {
  it('is read once, and the next time only what is in it is looked at', async () => {
    await using tree = await large();
    const first = await tree.read();
    let again: unknown;
    expect(await bytesRead(tree.fresh)).toBeGreaterThan(LARGE);
    expect(
      await bytesRead(async () => {
        again = await tree.read();
      }),
    ).toBeLessThan(LARGE / 10);
    expect(again).toEqual(first);
    expect(first).toEqual(await tree.fresh());
  });

  it('is told of as before when nothing of it is read', async () => {
    await using tree = await large({ script: '#!/bin/sh\r\n', tool: '', '.npmrc': '_authToken=canary' });
    chmodSync(tree.at('tool'), 0o4755);
    await tree.read();
    const first = tree.told.splice(0).sort();
    await tree.read();
    expect(tree.told.sort()).toEqual(first);
    expect(first).toHaveLength(3);
  });

  it('leaves digests for its own user alone, without a name or a content', async () => {
    await using tree = await large({ 'canary-name': 'canary-text' });
    await tree.read();
    const [file = '', ...more] = tree.kept();
    expect(more).toEqual([]);
    const modes = [tree.cache, file].map((path) => (lstatSync(path).mode & 0o777).toString(8));
    expect(modes).toEqual(['700', '600']);
    expect(readFileSync(file, 'latin1')).not.toContain('canary');
  });

  it('has a cache of its own for each choice of its files', async () => {
    await using tree = await large();
    await tree.read();
    await tree.read(MINUTE, ['a']);
    expect(tree.kept()).toHaveLength(2);
    expect((await tree.read(MINUTE, ['a'])).entries.map(({ path }) => path)).toEqual(['b', 'large']);
  });
});

it('the cache lies in the folder that the environment names, if that is a whole path, else below home', () => {
  const folder = (env: Record<string, string>) => cacheFolder(env, '/home/alice');
  expect(folder({ XDG_CACHE_HOME: '/var/cache/alice' })).toBe('/var/cache/alice/fleet');
  const below = [{}, { XDG_CACHE_HOME: '' }, { XDG_CACHE_HOME: 'relative' }].map(folder);
  expect(new Set(below)).toEqual(new Set(['/home/alice/.cache/fleet']));
});

describe('no cache is made', () => {
  it('for a small tree', async () => {
    await using tree = await large();
    unlinkSync(tree.at('large'));
    await tree.read();
    expect(() => tree.kept()).toThrow('ENOENT');
  });

  it('inside of the tree, which it would change', async () => {
    await using tree = await large();
    const inside = join(tree.app, 'home/.cache/fleet');
    mkdirSync(join(tree.app, 'home'));
    symlinkSync(tree.app, join(tree.app, '../link'));
    for (const folder of [inside, join(tree.app, '../link/home/.cache/fleet')]) {
      await readTree(tree.app, 'app', [], [], () => {}, { folder, now: () => Date.now() + MINUTE });
    }
    expect(readdirSync(join(tree.app, 'home'))).toEqual([]);
  });

  it('where a folder cannot be made', async () => {
    await using tree = await large();
    writeFileSync(join(tree.cache, '..'), '');
    expect(await tree.read()).toEqual(await tree.fresh());
  });

  it.runIf(ROOT)("in somebody else's home, as under sudo", async () => {
    await using tree = await large();
    const home = join(tree.cache, '../..');
    chownSync(home, 1234, 1234);
    await tree.read();
    expect(readdirSync(home)).toEqual([]);
  });
});

describe('a change is noticed', () => {
  /** A whole second: what `touch` and `cp -p` can give back to the last digit. */
  const old = (path: string) => utimesSync(path, 1_600_000_000, 1_600_000_000);

  it.each<[string, (at: (path: string) => string) => void]>([
    [
      'of content, of the same size and with the time set back',
      (at) => {
        writeFileSync(at('a'), 'ONE');
        old(at('a'));
      },
    ],
    [
      'by another file of the same size and time',
      (at) => {
        writeFileSync(at('new'), 'ONE');
        old(at('new'));
        renameSync(at('new'), at('a'));
      },
    ],
    [
      'when two files take each other’s place',
      (at) => {
        renameSync(at('a'), at('c'));
        renameSync(at('b'), at('a'));
        renameSync(at('c'), at('b'));
      },
    ],
    ['of mode', (at) => chmodSync(at('a'), 0o755)],
    [
      "of a link's target",
      (at) => {
        unlinkSync(at('link'));
        symlinkSync('b', at('link'));
      },
    ],
    ['of kind', (at) => execFileSync('sh', ['-c', 'rm a && mkdir a && rm b && ln -s large b'], { cwd: at('.') })],
    ['when something comes and goes', (at) => renameSync(at('a'), at('other'))],
  ])('%s', async (_, change) => {
    await using tree = await large();
    symlinkSync('a', tree.at('link'));
    for (const name of ['a', 'b']) old(tree.at(name));
    const before = await tree.read();
    expect(tree.kept()).toHaveLength(1);
    change(tree.at);
    const after = await tree.read();
    expect(after).toEqual(await tree.fresh());
    expect(after.digest).not.toBe(before.digest);
  });

  it('at once after it was read, however often', async () => {
    await using tree = await large();
    await tree.read();
    for (let round = 0; round < 20; round += 1) {
      const text = String(round).padStart(3, '0');
      writeFileSync(tree.at('a'), text);
      const { entries } = await tree.read(0);
      expect(entries).toMatchObject([{ path: 'a', digest: sha256(text) }, {}, {}]);
    }
  });

  it('since what was changed just before it was read is not remembered', async () => {
    await using tree = await large();
    await tree.read();
    writeFileSync(tree.at('a'), 'ONE');
    await tree.read(4000);
    const remembers = () => tree.kept().some((file) => readFileSync(file, 'latin1').includes(sha256('ONE')));
    expect(remembers()).toBe(false);
    await tree.read(6000);
    expect(remembers()).toBe(true);
  });
});

describe('a cache is not believed', () => {
  /** Whether a cache that says something wrong is believed, once this has been done to it. */
  async function believed(spoil: (file: string) => void): Promise<boolean> {
    await using tree = await large();
    await tree.read();
    const [file = ''] = tree.kept();
    forge(file);
    spoil(file);
    const { digest } = await tree.read();
    return digest !== (await tree.fresh()).digest;
  }

  /** Other digests, and the checksum of that. */
  function forge(file: string): void {
    const body = readFileSync(file, 'utf8')
      .replace(/^.*\n/, '')
      .replaceAll(/[0-9a-f]{64}/g, 'f'.repeat(64));
    writeFileSync(file, `${sha256(body)}\n${body}`);
  }

  it('but for one that is whole and its own', async () => {
    expect(await believed(() => {})).toBe(true);
  });

  it.each<[string, (file: string) => void]>([
    ['that is broken', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace(/f/g, 'e'))],
    ['that is cut off', (file) => truncateSync(file, lstatSync(file).size - 10)],
    ['that is empty', (file) => truncateSync(file, 0)],
    ['that is something else', (file) => writeFileSync(file, Buffer.from([0xff, 0, 0x0a, 0xff]))],
    ['that others can write', (file) => chmodSync(file, 0o620)],
    ['in a folder that others can write', (file) => chmodSync(join(file, '..'), 0o777)],
    [
      'that is a link',
      (file) => {
        renameSync(file, `${file}-other`);
        symlinkSync(`${file}-other`, file);
      },
    ],
    ['that is a pipe', (file) => execFileSync('sh', ['-c', 'rm "$1" && mkfifo -m 600 "$1"', 'sh', file])],
    [
      'that is a folder',
      (file) => {
        rmSync(file);
        mkdirSync(file);
      },
    ],
    ['of another version', (file) => renameSync(file, file.replace('digests-1', 'digests-0'))],
  ])('%s', async (_, spoil) => {
    expect(await believed(spoil)).toBe(false);
  });

  it.runIf(ROOT).each<[string, (file: string) => void]>([
    ['that is another user’s', (file) => chownSync(file, 1234, 1234)],
    ['in a folder of another user', (file) => chownSync(join(file, '..'), 1234, 1234)],
  ])('%s', async (_, spoil) => {
    expect(await believed(spoil)).toBe(false);
  });

  it('and one of two runs at once stays, whole', async () => {
    await using tree = await large();
    const trees = await Promise.all([1, 2, 3, 4].map(() => tree.read()));
    expect(new Set(trees.map(({ digest }) => digest)).size).toBe(1);
    expect(tree.kept()).toHaveLength(1);
    expect(await bytesRead(() => tree.read())).toBeLessThan(LARGE / 10);
  });

  it('for ever: what nobody has asked for in a month goes, what a killed run left, and nothing else', async () => {
    await using tree = await large();
    mkdirSync(tree.cache, { recursive: true, mode: 0o700 });
    const name = `digests-1-${'0'.repeat(64)}`;
    const days = { [name]: 31, [`digests-0-${'1'.repeat(64)}`]: 31, [`digests-1-${'2'.repeat(64)}`]: 29 };
    const others = { [`${name}.${'a'.repeat(12)}`]: 1, [`${name}.${'b'.repeat(12)}`]: 0, 'somebody.db': 900 };
    for (const [file, age] of Object.entries({ ...days, ...others })) {
      writeFileSync(join(tree.cache, file), '');
      utimesSync(join(tree.cache, file), new Date(), new Date(Date.now() - age * 24 * 60 * MINUTE));
    }
    await tree.read();
    const left = readdirSync(tree.cache).filter((file) => file in days || file in others);
    expect(left.sort()).toEqual([`${name}.${'b'.repeat(12)}`, `digests-1-${'2'.repeat(64)}`, 'somebody.db']);
  });
});

describe.each([
  ['small', 100],
  ['large', 100_000],
])('a %s file', (_, bytes) => {
  it.each([true, false])('is read to the end that it had, be its file system here: %s', async (local) => {
    const text = '#!/bin/sh\r\n'.padEnd(bytes, 'x');
    await using folder = await folderWith({ 'app/file': text });
    const path = join(folder.dir, 'app/file');
    const digests = await openDigests(null, [], async () => true);
    const hash = (expected: number) => digests.hash(path, expected, local);
    expect(await hash(bytes)).toEqual({ size: bytes, digest: sha256(text), crlf: true });
    await expect(hash(bytes - 1)).rejects.toMatchObject({ code: 'GREW' });
    symlinkSync(path, `${path}.link`);
    await expect(digests.hash(`${path}.link`, bytes, local)).rejects.toMatchObject({ code: 'ELOOP' });
  });
});
