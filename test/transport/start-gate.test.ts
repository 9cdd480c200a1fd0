import { afterAll, beforeAll, expect, test } from 'vitest';
import { startGate } from '../../src/transport/connect.ts';
import type { ConnectOptions } from '../../src/transport/options.ts';
import { connect, connectionTo, never, optionsIn, valueIn } from './connect-with.ts';
import { type Server, startServer } from './server.ts';
import { type Sshd, startSshd } from './sshd.ts';

let server: Server;
beforeAll(async () => {
  server = await startServer();
});
afterAll(() => server[Symbol.asyncDispose]());

const login = (to: Server | Sshd) => ({
  ...{ port: to.port, user: to.user, hostKeys: to.hostKeys },
  identityFiles: [to.key.file],
});

test.each([
  [1, 5],
  [2, 2],
  [9, 1],
])('beside %i such runs, logins at one server begin %i at a time, by whatever name', async (runs, most) => {
  server.counts.mostStarting = 0;
  const options = optionsIn(server.dir, { startGate: startGate(runs) });
  const to = ['127.0.0.1', 'localhost', '127.0.0.1'].map((address) => connectionTo({ ...login(server), address }));
  const results = await Promise.all(Array.from({ length: 10 }, () => to.map((one) => connect(one, options))).flat());
  for (const result of results) await valueIn(result)[Symbol.asyncDispose]();
  expect(results).toHaveLength(30);
  expect(server.counts.mostStarting).toBe(most);
});

test('servers do not wait for one another, nor does one behind a jump host for one of its address here', async () => {
  const gate = startGate();
  const enter = (address: string, port: number, over: string | null = null) =>
    Promise.race([
      gate({ address, port, over }, never()),
      new Promise<'waits'>((resolve) => setTimeout(() => resolve('waits'), 200)),
    ]);
  for (let i = 0; i < 5; i += 1) expect(await enter('127.0.0.1', 22)).not.toBe('waits');
  expect(await enter('127.0.0.1', 22)).toBe('waits');
  expect(await enter('127.0.0.1', 2222)).not.toBe('waits');
  expect(await enter('127.0.0.1', 22, 'root@192.0.2.1')).not.toBe('waits');
  expect(await gate({ address: 'localhost', port: 22, over: null }, AbortSignal.abort())).toBeNull();
  expect(await gate({ address: 'a..b', port: 22, over: null }, never())).not.toBeNull();
});

/** Thirty hosts at once through a jump host that has the settings of every sshd; how many got there. */
async function through(door: Sshd, more: Partial<ConnectOptions>) {
  const jump = [connectionTo(login(door))];
  const results = await Promise.all(
    Array.from({ length: 30 }, () => connect(connectionTo({ ...login(server), jump }), optionsIn(server.dir, more))),
  );
  let arrived = 0;
  for (const result of results) {
    if (!result.ok) continue;
    arrived += 1;
    await result.value[Symbol.asyncDispose]();
  }
  return arrived;
}

test('a jump host refuses none of thirty hosts, and would where all came at once', async () => {
  await using door = await startSshd();
  const unlimited = () => Promise.resolve(() => {});
  expect(await through(door, {})).toBe(30);
  expect(await through(door, { startGate: unlimited })).toBeLessThan(30);
}, 60_000);
