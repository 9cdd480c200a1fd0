import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digest } from '../../src/model/ids.ts';
import { sh } from '../../src/shell/sh.ts';
import type { RunIo } from '../../src/transport/transport.ts';
import { connect, connected, connectionTo, failureIn, never, optionsIn, valueIn } from './connect-with.ts';
import { makeKey } from './keys.ts';
import { type Server, startServer } from './server.ts';
import { freePort } from './sshd.ts';

const io = (more: Partial<RunIo> = {}): RunIo => ({ signal: never(), timeoutMs: 5000, ...more });
const uncaught: unknown[] = [];
const note = (error: unknown) => uncaught.push(error);
let server: Server;

beforeEach(async () => {
  uncaught.length = 0;
  process.on('uncaughtExceptionMonitor', note).on('unhandledRejection', note);
  server = await startServer();
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  process.off('uncaughtExceptionMonitor', note).off('unhandledRejection', note);
  expect(uncaught).toEqual([]);
});

const to = (more = {}) =>
  connectionTo({
    port: server.port,
    user: server.user,
    identityFiles: [server.key.file],
    hostKeys: server.hostKeys,
    ...more,
  });
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a link that drops during a command is a lost connection, not an exit', async () => {
  await using host = await connected(server);
  setTimeout(server.drop, 150);
  expect(failureIn(await host.run(sh`echo begun; sleep 5`, io())).kind).toBe('connection-lost');
});

test('everything asked of a dropped link fails as a lost connection', async () => {
  await using host = await connected(server);
  expect(valueIn(await host.run(sh`true`, io())).code).toBe(0);
  server.drop();
  await pause(50);
  const tree = { from: server.dir, entries: [], bytes: 0, digest: '' as never };
  const request = { tree, to: server.dir, linkFrom: null, copyFrom: null, group: 'root' };
  expect(failureIn(await host.run(sh`true`, io())).kind).toBe('connection-lost');
  expect(failureIn(await host.unpack([{ path: 'a', content: 'a', mode: 0o600 }], server.dir, io())).kind).toBe(
    'connection-lost',
  );
  expect(failureIn(await host.sync(request, 'tar', io())).kind).toBe('connection-lost');
  expect(failureIn(await host.sync(request, 'rsync', io())).kind).toBe('connection-lost');
  expect(failureIn(await host.dial('127.0.0.1', 1, io())).kind).toBe('connection-lost');
});

test('a link that drops in the middle of a script runs nothing of it', async () => {
  const ran = join(server.dir, 'ran');
  const cut = (whole: boolean) => async () => {
    // Lets through the listener, and only a part of what follows on standard input.
    server.behaviour.onExec = (command, channel) => {
      const child = spawn('/bin/sh', ['-c', command]);
      child.stdout.on('data', (chunk) => channel.write(chunk));
      channel.on('data', (chunk: Buffer) => child.stdin.write(whole ? chunk : chunk.subarray(0, chunk.length - 12)));
      setTimeout(() => child.stdin.end(), 200);
      child.on('close', (code) => {
        channel.exit(code ?? 1);
        channel.end();
      });
    };
    await using host = await connected(server);
    return await host.run(sh`touch ${ran}; echo done`, io());
  };
  await cut(false)();
  expect(existsSync(ran)).toBe(false);
  await cut(true)();
  expect(existsSync(ran)).toBe(true);
});

test.each(['rsync', 'tar'] as const)(
  'a link that drops in the middle of a transfer by %s is lost, and nothing is left behind',
  async (method) => {
    await using host = await connected(server);
    const from = join(server.dir, 'huge');
    mkdirSync(from);
    execFileSync('truncate', ['-s', '4G', join(from, 'sparse')]);
    const entries = [
      { type: 'file', path: 'sparse', executable: false, size: 4 * 1024 ** 3, digest: digest('') },
    ] as const;
    const request = {
      tree: { from, entries, bytes: 4 * 1024 ** 3, digest: digest('') },
      to: join(server.dir, 'to'),
      linkFrom: null,
      copyFrom: null,
      group: 'root',
    };
    mkdirSync(request.to);
    setTimeout(server.drop, 300);
    expect(failureIn(await host.sync(request, method, io())).kind).toBe('connection-lost');
    const local = () =>
      execFileSync('ps', ['-eo', 'stat,args'])
        .toString()
        .split('\n')
        .filter((line) => /^[^Z]/.test(line) && line.includes(`${from}/ host:`));
    expect(local()).toEqual([]);
  },
);

test('what is asked with a signal that was aborted already is cancelled at once', async () => {
  await using host = await connected(server);
  const signal = AbortSignal.abort();
  const request = {
    tree: { from: server.dir, entries: [], bytes: 0, digest: digest('') },
    to: server.dir,
    linkFrom: null,
    copyFrom: null,
    group: 'root',
  };
  for (let round = 0; round < 2; round += 1) {
    expect(failureIn(await host.run(sh`true`, io({ signal }))).kind).toBe('cancelled');
    expect(failureIn(await host.unpack([], server.dir, io({ signal }))).kind).toBe('cancelled');
    expect(failureIn(await host.sync(request, 'tar', io({ signal }))).kind).toBe('cancelled');
    expect(failureIn(await host.sync(request, 'rsync', io({ signal }))).kind).toBe('cancelled');
    expect(failureIn(await host.dial('127.0.0.1', server.port, io({ signal }))).kind).toBe('cancelled');
    expect(valueIn(await host.run(sh`true`, io())).code).toBe(0);
  }
});

test('commands that are cancelled at any moment end as cancelled or as done, and never throw', async () => {
  await using host = await connected(server);
  for (let ms = 0; ms < 30; ms += 1) {
    const controller = new AbortController();
    setTimeout(() => controller.abort(), ms);
    const result = await host.run(sh`echo x`, io({ signal: controller.signal }));
    if (!result.ok) expect(result.failure.kind).toBe('cancelled');
  }
  expect(valueIn(await host.run(sh`echo alive`, io())).stdout).toBe('alive\n');
});

test('links that drop at any moment are lost or done, and never throw', async () => {
  for (let ms = 0; ms < 30; ms += 2) {
    setTimeout(server.drop, ms);
    const result = await connect(to(), optionsIn(server.dir));
    if (!result.ok) {
      expect(result.failure.kind).toBe('unreachable');
      continue;
    }
    await using host = result.value;
    const ended = await Promise.all([host.run(sh`echo x`, io()), host.run(sh`sleep 0.1`, io())]);
    for (const each of ended) if (!each.ok) expect(each.failure.kind).toBe('connection-lost');
  }
});

test('a channel that ends without an exit status is not a success', async () => {
  server.behaviour.onExec = (_command, channel) => channel.end();
  await using host = await connected(server);
  expect(failureIn(await host.run(sh`true`, io())).kind).toBe('connection-lost');
});

test('a login that does not run sh is of no use, with what it said', async () => {
  server.behaviour.onExec = (_command, channel) => {
    channel.write('This account is not available.\n');
    channel.exit(1);
    channel.end();
  };
  await using host = await connected(server);
  expect(failureIn(await host.run(sh`true`, io()))).toMatchObject({
    kind: 'login-unusable',
    ...{ login: `tester@127.0.0.1 port ${server.port}`, cause: 'no-shell', status: 1 },
    said: ['This account is not available.'],
  });
});

test('what login scripts print is not part of the output', async () => {
  server.behaviour.onExec = (command, channel) => {
    const child = spawn('/bin/sh', ['-c', `echo welcome; printf 'no line end'; ${command}`]);
    channel.pipe(child.stdin);
    child.stdin.on('error', () => {});
    child.stdout.on('data', (chunk) => channel.write(chunk));
    child.on('close', (code) => {
      channel.exit(code ?? 1);
      channel.end();
    });
  };
  await using host = await connected(server);
  expect(valueIn(await host.run(sh`echo mine`, io())).stdout).toBe('mine\n');
  expect(valueIn(await host.run(sh`echo again`, io())).stdout).toBe('again\n');
});

test('a silent link is given up by keepalive', async () => {
  await using host = await connected(server, {}, { keepaliveMs: 100 });
  const running = host.run(sh`sleep 30`, io({ timeoutMs: 30_000 }));
  await pause(100);
  for (const socket of server.sockets) socket.pause();
  const began = Date.now();
  expect(failureIn(await running).kind).toBe('connection-lost');
  expect(Date.now() - began).toBeLessThan(10_000);
});

test('a server that is not OpenSSH gets one channel at a time', async () => {
  await using host = await connected(server);
  const results = await Promise.all([1, 2, 3, 4].map((n) => host.run(sh`echo ${n}`, io())));
  expect(results.map((result) => valueIn(result).stdout)).toEqual(['1\n', '2\n', '3\n', '4\n']);
  expect(server.counts.mostSessions).toBe(1);
});

test('closing tells the server, and a second close is harmless', async () => {
  const host = await connected(server);
  await host[Symbol.asyncDispose]();
  await host[Symbol.asyncDispose]();
  await expect.poll(() => server.sockets.size, { timeout: 10_000 }).toBe(0);
});

test('a refused login is tried once, and says what was offered and the cure', async () => {
  server.behaviour.refuseLogin = true;
  const failure = failureIn(await connect(to(), optionsIn(server.dir, { retries: 3 })));
  expect(failure).toMatchObject({ kind: 'auth-refused', detail: expect.stringContaining(server.key.file) });
  expect(failure).toMatchObject({ detail: expect.stringContaining('authorized_keys') });
  expect(server.counts.connections).toBe(1);
});

test('a connection that is dropped before the handshake is tried again', async () => {
  server.behaviour.dropFirst = 2;
  await using host = valueIn(await connect(to(), optionsIn(server.dir, { retries: 3 })));
  expect(valueIn(await host.run(sh`echo hi`, io())).stdout).toBe('hi\n');
  expect(server.counts.connections).toBe(3);
});

test('without retries left, the message names what such hosts do', async () => {
  server.behaviour.dropFirst = 9;
  const failure = failureIn(await connect(to(), optionsIn(server.dir, { retries: 1 })));
  expect(failure).toMatchObject({ kind: 'unreachable', detail: expect.stringMatching(/MaxStartups|reset/) });
  expect(server.counts.connections).toBe(2);
});

test('a port where nobody listens is unreachable, after retries', async () => {
  const failure = failureIn(await connect(to({ port: await freePort() }), optionsIn(server.dir, { retries: 1 })));
  expect(failure).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('refused') });
});

test('a server that never speaks is unreachable within the time given', async () => {
  server.behaviour.mute = true;
  const began = Date.now();
  const failure = failureIn(await connect(to(), optionsIn(server.dir, { connectTimeoutMs: 300, retries: 3 })));
  expect(failure).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining('0.3 s') });
  expect(Date.now() - began).toBeLessThan(8000);
});

test('a server that does not speak SSH is unreachable', async () => {
  server.behaviour.greeting = 'HTTP/1.1 400 Bad Request\r\n\r\n';
  expect(failureIn(await connect(to(), optionsIn(server.dir))).kind).toBe('unreachable');
});

test('connecting can be cancelled', async () => {
  server.behaviour.mute = true;
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  expect(failureIn(await connect(to(), optionsIn(server.dir), controller.signal))).toEqual({
    kind: 'cancelled',
    phase: 'connect',
  });
  expect(failureIn(await connect(to(), optionsIn(server.dir), AbortSignal.abort())).kind).toBe('cancelled');
});

test('an encrypted key asks for its passphrase once, and a wrong one is named', async () => {
  const locked = makeKey(server.dir, 'locked', 'ed25519', ['-a', '1'], 'right');
  let asked = 0;
  const passphrase = () => {
    asked += 1;
    return Promise.resolve(null);
  };
  const connection = to({ identityFiles: [locked.file] });
  const results = await Promise.all([
    connect(connection, optionsIn(server.dir, { passphrase })),
    connect(connection, optionsIn(server.dir, { passphrase })),
  ]);
  for (const result of results)
    expect(failureIn(result)).toMatchObject({ kind: 'auth-refused', detail: expect.stringContaining('no passphrase') });
  expect(asked).toBe(1);
});
