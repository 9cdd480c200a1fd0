import { spawn } from 'node:child_process';
import type { TestHost } from './rig/index.ts';

/** A port on 127.0.0.1 of `door` that leads to the SSH server of `behind`: test hosts have no network between them. */
export async function throughHost(
  door: TestHost,
  behind: TestHost,
): Promise<AsyncDisposable & { readonly port: number }> {
  const port = 2222;
  const options = ['ExitOnForwardFailure=yes', 'StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null'];
  const child = spawn(
    'ssh',
    [
      ...['-N', '-v', '-F', 'none', '-i', door.identityFile, '-p', String(door.port), '-l', 'root'],
      ...options.flatMap((option) => ['-o', option]),
      ...['-R', `127.0.0.1:${port}:127.0.0.1:${behind.port}`, door.address],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = new Promise<void>((done) => child.on('close', () => done()));
  await new Promise<void>((ready, failed) => {
    let text = '';
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk;
      if (/remote forward success/.test(text)) ready();
    });
    child.on('close', () => failed(new Error(`no way through ${door.name}:\n${text}`)));
  });
  return {
    port,
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}
