import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sh } from '../../src/shell/sh.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { connected, never, valueIn } from './connect-with.ts';
import { type Sshd, startSshd } from './sshd.ts';

// A shell that was started ahead of its command.

let sshd: Sshd;
let host: Transport;
const io = () => ({ signal: never(), timeoutMs: 10_000 });

beforeAll(async () => {
  sshd = await startSshd();
  host = await connected(sshd);
  await host.run(sh`:`, io());
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
});

/** Shells of this server's logins that wait for a command. */
function waiting(): readonly string[] {
  const read = (pid: string, file: string) => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  };
  return readdirSync('/proc').filter(
    (pid) =>
      /^\d+$/.test(pid) &&
      read(pid, 'cmdline').startsWith('sh\0-c\0w=ready') &&
      read(pid, 'environ').split('\0').includes(`HOME=${sshd.dir}`),
  );
}
const shell = async () => valueIn(await host.run(sh`echo $$`, io())).stdout.trim();

test('takes the next command, and another one that after it; there are never more', async () => {
  expect(waiting()).toEqual([]);
  for (let i = 0; i < 3; i += 1) host.ahead();
  await expect.poll(waiting, { timeout: 10_000 }).toHaveLength(2);
  const pids = waiting();
  expect([await shell(), await shell()].sort()).toEqual([...pids].sort());
  expect(pids).not.toContain(await shell());
});

test('that has ended meanwhile is made good for', async () => {
  host.ahead();
  await expect.poll(waiting, { timeout: 10_000 }).toHaveLength(1);
  const [pid] = waiting();
  process.kill(Number(pid), 'SIGKILL');
  await expect.poll(waiting, { timeout: 10_000 }).toEqual([]);
  // Its end has to come all the way.
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await shell()).toMatch(/^\d+$/);
});

test('ends with its connection, and is no reason to wait', async () => {
  const other = await connected(sshd);
  await other.run(sh`:`, io());
  other.ahead();
  await expect.poll(waiting, { timeout: 10_000 }).toHaveLength(1);
  await other[Symbol.asyncDispose]();
  await expect.poll(waiting, { timeout: 10_000 }).toEqual([]);
});

test('bundles and trees take it too', async () => {
  host.ahead();
  await expect.poll(waiting, { timeout: 10_000 }).toHaveLength(1);
  expect(valueIn(await host.unpack([{ path: 'a', content: 'a', mode: 0o600 }], sshd.dir, io())).code).toBe(0);
  expect(readFileSync(`${sshd.dir}/a`, 'utf8')).toBe('a');
  expect(waiting()).toEqual([]);
});
