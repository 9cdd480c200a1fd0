import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Limits, running, watch } from './watch.ts';

let folder: string;
const started: ChildProcess[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-watch-'));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** A process that is at a file, holds so much memory, and cannot be spoken to. */
async function caught(file: string, mib: number, begun = Date.now()): Promise<ChildProcess> {
  const script = `const held = Buffer.alloc(${mib} << 20, 1); console.log(held.length); for (;;);`;
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await once(child.stdout, 'data');
  writeFileSync(join(folder, String(child.pid)), `${begun}\n${file}\n`);
  return child;
}

async function watched(limits: Limits, children: readonly ChildProcess[]) {
  const said: string[] = [];
  const stop = watch(folder, limits, (text) => said.push(text));
  await new Promise((done) => setTimeout(done, 1_500));
  expect(stop()).toEqual(said);
  return { said, ended: children.map(({ signalCode }) => signalCode) };
}

describe('a process that is caught in a test file', () => {
  it('is ended when it holds more memory than it may, and the file is named; another one goes on', async () => {
    const children = [await caught('test/hog.test.ts', 200), await caught('test/modest.test.ts', 1)];
    const { said, ended } = await watched({ mib: 150, minutes: 1 }, children);
    expect(ended).toEqual(['SIGKILL', null]);
    expect(said).toEqual([
      expect.stringMatching(/hog\.test\.ts holds \d+ MiB of memory, more than 150: process \d+ is ended/),
    ]);
  });

  it('is ended when it does not end in its time', async () => {
    const children = [
      await caught('test/endless.test.ts', 1, Date.now() - 61_000),
      await caught('test/new.test.ts', 1),
    ];
    const { said, ended } = await watched({ mib: 1024, minutes: 1 }, children);
    expect(ended).toEqual(['SIGKILL', null]);
    expect(said).toEqual([expect.stringMatching(/endless\.test\.ts has not ended after 1 minutes/)]);
  });
});

it('this process has said which file it is at', () => {
  const [begun, file] = readFileSync(join(running(process.ppid), String(process.pid)), 'utf8').split('\n');
  expect(file).toBe(import.meta.filename);
  expect(Date.now() - Number(begun)).toBeLessThan(60_000);
});
