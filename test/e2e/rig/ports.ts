import { mkdirSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claim, release } from './owner.ts';

const folder = join(tmpdir(), 'fleet-test-ports');

/** Below the range that outgoing connections use, so that nothing takes the port while its host reboots. */
const first = 20_000;
const count = 12_000;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

const claimOf = (port: number) => join(folder, String(port));

/** Reserves a TCP port for this process, also against test runs beside this one. */
export async function reservePort(): Promise<number> {
  mkdirSync(folder, { recursive: true });
  for (let attempt = 0; attempt < 200; attempt += 1) {
    const port = first + Math.floor(Math.random() * count);
    if (!claim(claimOf(port))) continue;
    if (await isFree(port)) return port;
    release(claimOf(port));
  }
  throw new Error('no free TCP port found');
}

export function releasePort(port: number): void {
  release(claimOf(port));
}
