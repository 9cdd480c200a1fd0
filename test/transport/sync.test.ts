import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Digest, digest } from '../../src/model/ids.ts';
import type { Tree, TreeEntry } from '../../src/model/plan.ts';
import { Secret } from '../../src/model/secret.ts';
import { sh } from '../../src/shell/sh.ts';
import type { RunIo, Transport } from '../../src/transport/transport.ts';
import { connected, failureIn, never, valueIn } from './connect-with.ts';
import { type Sshd, startSshd } from './sshd.ts';

let sshd: Sshd;
let host: Transport;
const io = (more: Partial<RunIo> = {}): RunIo => ({ signal: never(), timeoutMs: 20_000, ...more });

beforeAll(async () => {
  sshd = await startSshd();
  host = await connected(sshd);
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
});

/** Names that a shell, tar or rsync might trip over. */
const ODD = [
  '-rf',
  '#comment',
  ';x',
  "it's",
  'sp ace',
  'new\nline',
  '$HOME',
  'é€',
  'back\\slash',
  '*',
  '[a]',
  'n'.repeat(200),
];

function sample(name: string): Tree {
  const from = join(sshd.dir, name);
  mkdirSync(join(from, 'dir', 'empty'), { recursive: true });
  mkdirSync(join(from, 'left-out'));
  writeFileSync(join(from, 'left-out', 'never'), 'never');
  writeFileSync(join(from, 'dir', 'private'), 'private', { mode: 0o600 });
  writeFileSync(join(from, 'run'), '#!/bin/sh\n', { mode: 0o700 });
  chmodSync(join(from, 'run'), 0o700);
  writeFileSync(join(from, 'nothing'), '');
  writeFileSync(join(from, 'big'), Buffer.alloc(3_000_000, 7));
  symlinkSync('dir/private', join(from, 'link'));
  symlinkSync(`${'far/'.repeat(40)}é`, join(from, 'far link é'));
  mkdirSync(join(from, 'd'.repeat(120), 'é'), { recursive: true });
  writeFileSync(join(from, 'd'.repeat(120), 'é', 'f'), 'deep');
  for (const odd of ODD) writeFileSync(join(from, odd), odd);
  return treeOf(from);
}

function treeOf(from: string): Tree {
  const walk = (path: string): TreeEntry[] => {
    const full = join(from, path);
    const stat = lstatSync(full);
    if (stat.isSymbolicLink()) return [{ type: 'symlink', path, target: readlinkSync(full) }];
    if (stat.isDirectory())
      return [{ type: 'directory', path }, ...readdirSync(full).flatMap((name) => walk(join(path, name)))];
    const hash = digest(createHash('sha256').update(readFileSync(full)).digest('hex'));
    return [{ type: 'file', path, executable: (stat.mode & 0o100) !== 0, size: stat.size, digest: hash }];
  };
  const entries = readdirSync(from)
    .filter((name) => name !== 'left-out')
    .flatMap(walk)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const bytes = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  return { from, entries, bytes, digest: digest('') };
}

function fresh(name: string): string {
  const to = join(sshd.dir, `to ${name}`);
  mkdirSync(to);
  return to;
}

describe.each(['rsync', 'tar'] as const)('a tree sent by %s', (method) => {
  test('arrives as listed, with plain modes and without what is not listed', async () => {
    const tree = sample(`src-${method}`);
    const to = fresh(method);
    const percents: number[] = [];
    const onProgress = (percent: number) => percents.push(percent);
    const exit = valueIn(
      await host.sync({ tree, to, linkFrom: null, copyFrom: null, group: 'root' }, method, { ...io(), onProgress }),
    );
    expect(exit).toMatchObject({ code: 0, stderr: '' });
    const strip = (entry: TreeEntry) => (entry.type === 'file' ? { ...entry, executable: entry.executable } : entry);
    expect(treeOf(to).entries.map(strip)).toEqual(tree.entries.map(strip));
    const mode = (path: string) => (statSync(join(to, path)).mode & 0o7777).toString(8);
    expect([mode('dir'), mode('dir/private'), mode('run'), mode('.')]).toEqual(['755', '644', '755', '755']);
    expect(percents.at(-1)).toBe(100);
  });

  test('may be empty', async () => {
    const tree: Tree = { from: sshd.dir, entries: [], bytes: 0, digest: digest('') };
    const request = { tree, to: fresh(`empty-${method}`), linkFrom: null, copyFrom: null, group: 'root' };
    expect(valueIn(await host.sync(request, method, io()))).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(request.to)).toEqual([]);
  });

  test('names what could not be read, and fails', async () => {
    const tree = sample(`gone-${method}`);
    const gone: TreeEntry = { type: 'file', path: 'vanished', executable: false, size: 10, digest: digest('') };
    const exit = valueIn(
      await host.sync(
        {
          tree: { ...tree, entries: [...tree.entries, gone] },
          to: fresh(`gone-${method}`),
          linkFrom: null,
          copyFrom: null,
          group: 'root',
        },
        method,
        io(),
      ),
    );
    expect(exit.code).not.toBe(0);
    expect(exit.stderr).toContain('vanished');
  });

  test('fails when the folder is not there', async () => {
    const tree = sample(`nowhere-${method}`);
    const exit = valueIn(
      await host.sync(
        { tree, to: join(sshd.dir, 'not', 'there', method), linkFrom: null, copyFrom: null, group: 'root' },
        method,
        io(),
      ),
    );
    expect(exit.code).not.toBe(0);
    expect(exit.stderr).not.toBe('');
  });

  test('stops when cancelled, and leaves no process behind', async () => {
    const from = join(sshd.dir, `huge-${method}`);
    mkdirSync(from);
    execFileSync('truncate', ['-s', '2G', join(from, 'sparse')]);
    const entries: TreeEntry[] = [
      { type: 'file', path: 'sparse', executable: false, size: 2 * 1024 ** 3, digest: digest('') },
    ];
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 400);
    const to = fresh(`huge-${method}`);
    const began = Date.now();
    const result = await host.sync(
      {
        tree: { from, entries, bytes: 2 * 1024 ** 3, digest: digest('') },
        to,
        linkFrom: null,
        copyFrom: null,
        group: 'root',
      },
      method,
      io({ signal: controller.signal }),
    );
    expect(failureIn(result).kind).toBe('cancelled');
    expect(Date.now() - began).toBeLessThan(4000);
    const left = execFileSync('ps', ['-eo', 'stat,args'])
      .toString()
      .split('\n')
      .filter((line) => /^[^Z].*(rsync|tar) /.test(line) && line.includes(method === 'tar' ? to : from));
    expect(left).toEqual([]);
  });
});

describe.each(['rsync', 'tar'] as const)('bits that make a program run as its owner, by %s', (method) => {
  test('never arrive, nor from a release of before or from the folder above', async () => {
    const from = join(sshd.dir, `bits-${method}`);
    mkdirSync(join(from, 'shared'), { recursive: true });
    writeFileSync(join(from, 'tool'), '#!/bin/sh\n');
    writeFileSync(join(from, 'shared', 'group'), 'x');
    const set = (dir: string) => {
      chmodSync(join(dir, 'tool'), 0o6755);
      chmodSync(join(dir, 'shared', 'group'), 0o2644);
      chmodSync(join(dir, 'shared'), 0o3777);
    };
    const modes = (dir: string) =>
      ['tool', 'shared/group', 'shared'].map((path) => (statSync(join(dir, path)).mode & 0o7777).toString(8));
    set(from);
    // The file system keeps them: else nothing would be shown below.
    expect(modes(from)).toEqual(['6755', '2644', '3777']);
    const first = fresh(`bits-1-${method}`);
    chmodSync(first, 0o2755);
    const send = async (to: string, linkFrom: string | null, copyFrom: string | null) =>
      valueIn(await host.sync({ tree: treeOf(from), to, linkFrom, copyFrom, group: 'root' }, method, io()));
    expect(await send(first, null, null)).toMatchObject({ code: 0 });
    expect(modes(first)).toEqual(['755', '644', '755']);
    set(first);
    const linked = fresh(`bits-link-${method}`);
    expect(await send(linked, first, null)).toMatchObject({ code: 0 });
    const copied = fresh(`bits-copy-${method}`);
    expect(await send(copied, null, first)).toMatchObject({ code: 0 });
    expect([modes(linked), modes(copied)]).toEqual([modes(copied), ['755', '644', '755']]);
  });
});

test('rsync links unchanged files from the previous release and sends the others', async () => {
  const tree = sample('linked');
  const first = fresh('linked-1');
  valueIn(await host.sync({ tree, to: first, linkFrom: null, copyFrom: null, group: 'root' }, 'rsync', io()));
  writeFileSync(join(tree.from, 'run'), '#!/bin/sh\nexit\n', { mode: 0o700 });
  const second = fresh('linked-2');
  const next = treeOf(tree.from);
  expect(
    valueIn(await host.sync({ tree: next, to: second, linkFrom: first, copyFrom: null, group: 'root' }, 'rsync', io()))
      .code,
  ).toBe(0);
  expect(statSync(join(second, 'big')).ino).toBe(statSync(join(first, 'big')).ino);
  expect(statSync(join(second, 'run')).ino).not.toBe(statSync(join(first, 'run')).ino);
});

test.each([false, true])(
  'a bundle is unpacked with exact modes, nested folders and secrets; gzip: %s',
  async (gzip) => {
    const into = fresh(`bundle-${gzip}`);
    const secret = new Secret('TOKEN', "line 1\nit's 2\n");
    const files = [
      { path: 'env', content: secret, mode: 0o600 },
      { path: 'units/app.service', content: '[Unit]\n', mode: 0o644 },
      { path: 'bytes', content: new Uint8Array([0, 255, 1]), mode: 0o755 },
    ];
    const begun = Date.now();
    expect(valueIn(await host.unpack(files, into, { ...io(), gzip }))).toEqual({ code: 0, stdout: '', stderr: '' });
    // As old as it is there: builds and caches go by that, and some refuse what is from before 1980.
    expect(statSync(join(into, 'units/app.service')).mtimeMs).toBeGreaterThan(begun - 1000);
    const mode = (path: string) => (statSync(join(into, path)).mode & 0o7777).toString(8);
    expect([mode('env'), mode('units/app.service'), mode('bytes'), mode('units')]).toEqual([
      '600',
      '644',
      '755',
      '700',
    ]);
    expect(readFileSync(join(into, 'env'), 'utf8')).toBe("line 1\nit's 2\n");
    expect([...readFileSync(join(into, 'bytes'))]).toEqual([0, 255, 1]);
  },
);

test('a bundle brings parts of trees, each in its folder, and what comes later replaces what came before', async () => {
  const into = fresh('parts');
  const tree = (...entries: Tree['entries']): Tree => ({ from: sshd.dir, entries, bytes: 0, digest: '' as Digest });
  writeFileSync(join(sshd.dir, 'code'), 'code');
  const code = { type: 'file', path: 'code', executable: true, size: 4, digest: '' as Digest } as const;
  const parts = [
    { tree: tree(code, { type: 'symlink', path: 'link', target: 'code' }), to: 'app' },
    { tree: tree(), to: 'empty' },
    { path: 'app/link', content: 'mine', mode: 0o644 },
  ];
  expect(valueIn(await host.unpack(parts, into, { ...io(), gzip: true })).code).toBe(0);
  expect(readdirSync(join(into, 'app')).sort()).toEqual(['code', 'link']);
  expect(statSync(join(into, 'app/code')).mode & 0o777).toBe(0o755);
  expect(readFileSync(join(into, 'app/link'), 'utf8')).toBe('mine');
  expect(readdirSync(join(into, 'empty'))).toEqual([]);
});

test('a file that is another one by now fails the whole bundle, packed or not', async () => {
  const entry = { type: 'file', path: 'nowhere', executable: false, size: 4, digest: '' as Digest } as const;
  const tree: Tree = { from: sshd.dir, entries: [entry], bytes: 4, digest: '' as Digest };
  for (const gzip of [false, true]) {
    const exit = valueIn(await host.unpack([{ tree, to: '' }], fresh(`gone-${gzip}`), { ...io(), gzip }));
    expect(exit.code).toBe(23);
    expect(exit.stderr).toMatch(/cannot read a local file: .*nowhere/);
  }
});

test('a bundle for a folder that is not there fails with what tar says', async () => {
  const exit = valueIn(await host.unpack([{ path: 'a', content: 'a', mode: 0o600 }], join(sshd.dir, 'missing'), io()));
  expect(exit.code).not.toBe(0);
  expect(exit.stderr).toMatch(/missing/);
  expect(existsSync(join(sshd.dir, 'missing'))).toBe(false);
});

test('rsync copies unchanged files from the previous release when they must not be shared', async () => {
  const tree = sample('copied');
  const first = fresh('copied-1');
  valueIn(await host.sync({ tree, to: first, linkFrom: null, copyFrom: null, group: 'root' }, 'rsync', io()));
  const second = fresh('copied-2');
  expect(
    valueIn(await host.sync({ tree, to: second, linkFrom: null, copyFrom: first, group: 'root' }, 'rsync', io())).code,
  ).toBe(0);
  expect(treeOf(second).entries).toEqual(treeOf(first).entries);
  expect(statSync(join(second, 'big')).ino).not.toBe(statSync(join(first, 'big')).ino);
});

test('an unpacked secret is on no command line', async () => {
  const into = fresh('no-argv');
  // What stands in brackets keeps grep from finding itself.
  const sample = sh`ps -eo args= | grep -e ${'[t]ar -x -m'}; ps -eo args= | grep -e ${'[c]anary-9f1c'}`;
  const watched = host.run(sh`for i in 1 2 3 4 5 6 7 8 9 10 11 12; do ${sample}; done; true`, io());
  const secret = new Secret('S', 'canary-9f1c'.repeat(3_000_000));
  for (let i = 0; i < 2; i += 1) await host.unpack([{ path: `s${i}`, content: secret, mode: 0o600 }], into, io());
  const lines = valueIn(await watched).stdout.split('\n');
  expect(lines.filter((line) => line.includes('canary')).length).toBe(0);
  expect(lines.filter((line) => line.includes('tar -x')).length).toBeGreaterThan(0);
  expect(readFileSync(join(into, 's0'), 'utf8').startsWith('canary-9f1c')).toBe(true);
});
