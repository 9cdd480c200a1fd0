import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DemoHost, startDemoHost } from '../../src/demo/server.ts';
import { collect, connect } from './client.ts';

let host: DemoHost;
beforeAll(async () => {
  host = await startDemoHost();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

async function run(command: string, stdin = '') {
  await using connection = await connect(host);
  const channel = await connection.open(command);
  channel.end(stdin);
  const { code, signal, stdout, stderr } = await collect(channel);
  return { code, signal, stdout: stdout.toString(), stderr: stderr.toString() };
}

/** A process that has ended and was not yet collected by its parent counts as gone. */
const alive = (pid: number) => {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
};

async function until(holds: () => boolean) {
  for (let i = 0; i < 150 && !holds(); i += 1) await sleep(20);
  return holds();
}

test('a command gives its output, its error output and its exit status back', async () => {
  expect(await run('echo out; echo err >&2; exit 7')).toMatchObject({ code: 7, stdout: 'out\n', stderr: 'err\n' });
});

test('the environment is the host and not the caller, and HOME is in the temporary folder', async () => {
  process.env.FLEET_TEST_LEAK = 'leaked';
  const { stdout } = await run('env; pwd');
  delete process.env.FLEET_TEST_LEAK;
  expect(stdout).not.toContain('FLEET_TEST_LEAK');
  expect(stdout).toContain(`HOME=${host.root}/home\n`);
  expect(stdout).toContain(`FLEET_DEMO_ROOT=${host.root}\n`);
  expect(stdout.trimEnd().endsWith(`${host.root}/home`)).toBe(true);
});

test('the end of standard input reaches the command, and its answer still comes back', async () => {
  expect((await run('cat; echo " and the end"', 'all of it')).stdout).toBe('all of it and the end\n');
});

test('a command that does not read its input does not break the connection', async () => {
  expect(await run('exit 0', 'x'.repeat(300_000))).toMatchObject({ code: 0 });
});

test('20 MB go in and out unharmed, however slowly they are read', async () => {
  await using connection = await connect(host);
  const data = Buffer.alloc(20_000_000, 'fleet demo ');
  const channel = await connection.open('cat');
  const hash = createHash('sha256');
  let pauses = 0;
  channel.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    pauses += 1;
    if (pauses % 100 !== 0) return;
    channel.pause();
    setTimeout(() => channel.resume(), 5);
  });
  channel.end(data);
  await new Promise((resolve) => channel.on('close', resolve));
  expect(hash.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
});

test('megabytes of error output all arrive before the end is announced', async () => {
  const { stderr, code } = await run('head -c 6000000 /dev/zero >&2; exit 3');
  expect(stderr.length).toBe(6_000_000);
  expect(code).toBe(3);
});

test('a signal reaches the command and is reported as what ended it', async () => {
  await using connection = await connect(host);
  const channel = await connection.open('echo ready; exec sleep 60');
  const end = collect(channel);
  await new Promise((resolve) => channel.once('data', resolve));
  channel.signal('TERM');
  expect(await end).toMatchObject({ signal: 'SIGTERM' });
});

test('a command and its children end when the channel is closed before they are done', async () => {
  await using connection = await connect(host);
  const channel = await connection.open('trap "" TERM HUP; sleep 60 & echo $$ $!; wait');
  const pids = await new Promise<number[]>((resolve) =>
    channel.once('data', (line: Buffer) => resolve(String(line).trim().split(' ').map(Number))),
  );
  expect(pids.map(alive)).toEqual([true, true]);
  channel.close();
  expect(await until(() => !pids.some(alive))).toBe(true);
});

test('a process that was set apart outlives its channel and ends with the host', async () => {
  const own = await startDemoHost();
  const connection = await connect(own);
  const channel = await connection.open('setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $!');
  const pid = Number((await collect(channel)).stdout.toString());
  await connection[Symbol.asyncDispose]();
  await sleep(50);
  expect(alive(pid)).toBe(true);
  await own[Symbol.asyncDispose]();
  expect(await until(() => !alive(pid))).toBe(true);
});

test('a service with a clean environment ends with the host when it works in the folder of the app', async () => {
  const own = await startDemoHost();
  await mkdir(join(own.root, 'host', 'app'), { recursive: true });
  const connection = await connect(own);
  const channel = await connection.open(
    `cd ${own.root}/host/app; setsid env -i sleep 60 >/dev/null 2>&1 </dev/null & echo $!`,
  );
  const pid = Number((await collect(channel)).stdout.toString());
  await connection[Symbol.asyncDispose]();
  expect(alive(pid)).toBe(true);
  await own[Symbol.asyncDispose]();
  expect(await until(() => !alive(pid))).toBe(true);
});

test('the crontab of a demo host is its own', async () => {
  expect(await run('crontab -l')).toMatchObject({ code: 1 });
  expect(await run('crontab - && crontab -l', '@reboot true\n')).toMatchObject({ code: 0, stdout: '@reboot true\n' });
});
