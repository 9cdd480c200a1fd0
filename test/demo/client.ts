import { readFile } from 'node:fs/promises';
import { Client, type ClientChannel, type ConnectConfig } from 'ssh2';
import type { DemoHost } from '../../src/demo/server.ts';

export type Ended = {
  readonly code: number | null;
  readonly signal: string | undefined;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
};

/** A connection of a real ssh2 client, as the host's own user with its own key unless told otherwise. */
export async function connect(host: DemoHost, other: ConnectConfig = {}) {
  const client = new Client();
  const privateKey = await readFile(host.identityFile, 'utf8');
  const shown: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    client.on('ready', resolve).on('error', reject);
    client.connect({
      host: host.address,
      port: host.port,
      username: host.user,
      privateKey,
      hostVerifier: (key: Buffer) => shown.push(key) > 0,
      ...other,
    });
  });
  return {
    client,
    presented: shown[0] ?? Buffer.alloc(0),
    open: (command: string) =>
      new Promise<ClientChannel>((resolve, reject) => {
        client.exec(command, (error, channel) => (error ? reject(error) : resolve(channel)));
      }),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        client.on('close', () => resolve());
        client.end();
      }),
  };
}

export function collect(channel: ClientChannel): Promise<Ended> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  let end: { code: number | null; signal: string | undefined } = { code: null, signal: undefined };
  channel.on('data', (chunk: Buffer) => stdout.push(chunk));
  channel.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  channel.on('exit', (code: number | null, signal?: string) => {
    end = { code, signal };
  });
  return new Promise((resolve) => {
    channel.on('close', () => resolve({ ...end, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }));
  });
}
