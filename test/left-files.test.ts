import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { changedSince } from './left-files.ts';

it('finds what was written below a folder since then, and reads it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-left-'));
  mkdirSync(join(folder, 'deep'));
  writeFileSync(join(folder, 'deep', 'file'), 'here');
  const found = (since: number) => [...changedSince(folder, since)].map(({ path, read }) => [path, read()]);
  expect(found(Date.now() - 60_000)).toEqual([[join(folder, 'deep', 'file'), 'here']]);
  expect(found(Date.now() + 60_000)).toEqual([]);
  rmSync(folder, { recursive: true });
});

it('stays on one file system, as /proc may be mounted below a folder', () => {
  expect(statSync('/proc').dev).not.toBe(statSync('/').dev);
  const named = (device?: number) => {
    for (const { path } of changedSince('/proc/self/net', 0, device)) return path;
    return null;
  };
  expect(named()).not.toBeNull();
  expect(named(statSync('/').dev)).toBeNull();
});

it('reads only the beginning of a file of size 0 that has no end', () => {
  const map = [...changedSince('/proc/self/task', 0)].find(({ path }) => path.endsWith('/pagemap'));
  expect(map?.read()).toHaveLength(5_000_000);
});
