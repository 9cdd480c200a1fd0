import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, stat, writeFile } from 'node:fs/promises';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newKey } from '../../src/demo/keys.ts';
import { freePort } from '../../src/demo/port.ts';
import { type DemoHost, startDemoHost } from '../../src/demo/server.ts';
import { connect } from './client.ts';

const run = promisify(execFile);

let host: DemoHost;
beforeAll(async () => {
  host = await startDemoHost();
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** The real OpenSSH client, with the host's key pinned. */
async function openssh(...words: string[]) {
  const known = join(host.root, 'known_hosts');
  await writeFile(known, `[${host.address}]:${host.port} ${host.hostKey}\n`);
  const options = ['BatchMode=yes', 'StrictHostKeyChecking=yes', `UserKnownHostsFile=${known}`, 'IdentitiesOnly=yes'];
  const flags = [...options.flatMap((option) => ['-o', option]), '-F', '/dev/null', '-i', host.identityFile];
  return run('ssh', [...flags, '-p', String(host.port), `${host.user}@${host.address}`, ...words]).then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    (error: { code: number; stdout: string; stderr: string }) => error,
  );
}

test('OpenSSH logs in with the key file, trusts the pinned host key, and gets the exit status', async () => {
  expect(await openssh('echo hello; exit 5')).toMatchObject({ code: 5, stdout: 'hello\n' });
});

test('OpenSSH gets no shell, no terminal and no sftp', async () => {
  expect((await openssh()).code).not.toBe(0);
  expect((await openssh('-s', 'sftp')).code).not.toBe(0);
});

test('the key that is presented is the key that is published', async () => {
  await using connection = await connect(host);
  const published = ssh2.utils.parseKey(host.hostKey);
  if (published instanceof Error) throw published;
  expect(connection.presented.equals(published.getPublicSSH())).toBe(true);
});

test('another key, another user and a password are refused, and the right key is not', async () => {
  const refused = 'All configured authentication methods failed';
  await expect(connect(host, { privateKey: newKey().privateKey })).rejects.toThrow(refused);
  await expect(connect(host, { username: 'somebody-else' })).rejects.toThrow(refused);
  const { privateKey: _, ...password } = {
    privateKey: '',
    password: 'secret',
    authHandler: ['password', 'none'] as never,
  };
  await expect(connect(host, password)).rejects.toThrow(refused);
  await using _right = await connect(host);
});

test('a connection is carried on to the loopback, with half of it closed, and to no other address', async () => {
  const port = await freePort();
  const sockets = new Set<Socket>();
  const echo = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    let all = '';
    socket.on('data', (chunk) => {
      all += chunk;
    });
    socket.on('end', () => socket.end(`heard ${all}`));
  }).listen(port, '127.0.0.1');
  await using connection = await connect(host);
  const dial = (address: string, to: number) =>
    new Promise<string>((resolve, reject) => {
      connection.client.forwardOut('127.0.0.1', 1, address, to, (error, channel) => {
        if (error) return reject(error);
        let all = '';
        channel.on('data', (chunk: Buffer) => {
          all += chunk;
        });
        channel.on('close', () => resolve(all));
        return channel.end('you');
      });
    });
  expect(await dial('127.0.0.1', port)).toBe('heard you');
  await expect(dial('192.0.2.1', port)).rejects.toThrow('open failure');
  await expect(dial('127.0.0.1', await freePort())).rejects.toThrow('open failure');
  for (const socket of sockets) socket.destroy();
  echo.close();
});

test('nobody else can read the folder or the key, and both are gone with the host, read-only releases included', async () => {
  const own = await startDemoHost();
  expect((await stat(own.root)).mode & 0o777).toBe(0o700);
  expect((await stat(own.identityFile)).mode & 0o777).toBe(0o600);
  const release = join(own.root, 'host', 'app', 'releases', '1');
  await mkdir(release, { recursive: true });
  await writeFile(join(release, 'file'), '');
  await chmod(release, 0o500);
  await own[Symbol.asyncDispose]();
  await own[Symbol.asyncDispose]();
  expect(existsSync(own.root)).toBe(false);
  await expect(connect({ ...own, identityFile: host.identityFile })).rejects.toThrow('ECONNREFUSED');
});
