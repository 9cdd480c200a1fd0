import { execFile, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { runCommand } from '../src/local/command.ts';

// On every machine, and of no use to a test.
const UNLISTED = 'whoami';
const REFUSED = /whoami is not among the programs that tests may start: .*scripts\/programs\.json/;

it('a program that the set-up does not install is refused, however it is started', async () => {
  expect(() => spawn(UNLISTED)).toThrow(REFUSED);
  expect(() => spawnSync(UNLISTED, [], { encoding: 'utf8' })).toThrow(REFUSED);
  expect(() => execFileSync(UNLISTED)).toThrow(REFUSED);
  expect(() => execFile(UNLISTED)).toThrow(REFUSED);
  expect(() => spawn(`/usr/bin/${UNLISTED}`)).toThrow(REFUSED);
  // By the product too.
  const told = await runCommand([UNLISTED], { cwd: '/', env: process.env, timeoutMs: 5_000 });
  expect(JSON.stringify(told)).toMatch(REFUSED);
});

it('one that it does install is started, and so is a script of the test itself', async () => {
  expect(execFileSync('sh', ['-c', 'echo here'], { encoding: 'utf8' })).toBe('here\n');
  expect((await promisify(execFile)('sh', ['-c', 'echo there'])).stdout).toBe('there\n');
  const folder = mkdtempSync(join(tmpdir(), 'fleet-programs-'));
  writeFileSync(join(folder, UNLISTED), '#!/bin/sh\necho mine\n', { mode: 0o755 });
  const env = { PATH: `${folder}:${process.env.PATH}` };
  expect(spawnSync(UNLISTED, [], { env, encoding: 'utf8' }).stdout).toBe('mine\n');
  rmSync(folder, { recursive: true });
});

it('one that is nowhere is missing, as ever', () => {
  expect(spawnSync('no-such-program').error).toMatchObject({ code: 'ENOENT' });
});
