import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { digest } from '../../src/model/ids.ts';
import type { Transport } from '../../src/transport/transport.ts';
import { connected, never, valueIn } from './connect-with.ts';
import { type Server, startServer } from './server.ts';

/*
 * How the two rsyncs end one after the other, at moments that real ones reach only on a busy machine: scripts with
 * their name stand in for both.
 */

const path = process.env.PATH;
let server: Server;
let host: Transport;
const uncaught: unknown[] = [];
const note = (error: unknown) => uncaught.push(error);

beforeEach(async () => {
  uncaught.length = 0;
  process.on('uncaughtExceptionMonitor', note).on('unhandledRejection', note);
  server = await startServer();
  host = await connected(server);
});
afterEach(async () => {
  process.env.PATH = path;
  await host[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
  process.off('uncaughtExceptionMonitor', note).off('unhandledRejection', note);
  expect(uncaught).toEqual([]);
});

/** `local` is run with the command for the way to the host in $1 and $2, as `sh -c HELPER`. */
async function synced({ local, remote }: { readonly local: string; readonly remote: string }) {
  const folder = join(server.dir, 'bin');
  mkdirSync(folder);
  const take = `while [ "$1" != -e ]; do shift; done; helper=$(printf %s "$2" | sed "s/^sh -c '//; s/'$//")`;
  const text = `#!/bin/sh\n[ "$1" != --server ] || { ${remote}\n}\n${take}\ngo() { sh -c "$helper" sh rsync --server .; }\n${local}\n`;
  writeFileSync(join(folder, 'rsync'), text);
  chmodSync(join(folder, 'rsync'), 0o755);
  process.env.PATH = `${folder}:${path}`;
  const tree = { from: server.dir, entries: [], bytes: 0, digest: digest('') };
  const request = { tree, to: server.dir, linkFrom: null, copyFrom: null, group: 'root' };
  return valueIn(await host.sync(request, 'rsync', { signal: never(), timeoutMs: 8_000 }));
}

test('what the host said counts where the local rsync saw no more than that nobody answers', async () => {
  const local = '{ sleep 0.1; } | go >/dev/null; exit 12';
  const exit = await synced({ local, remote: 'echo "sh: rsync: not found" >&2; exit 127' });
  expect(exit).toMatchObject({ code: 127, stderr: expect.stringContaining('not found') });
});

test('an error of the local rsync stays what it is when the host saw none', async () => {
  expect(await synced({ local: 'echo | go >/dev/null; exit 23', remote: 'exit 0' })).toMatchObject({
    code: 23,
  });
});

test('a local rsync that sends much after the host has ended, and reads only then what it said, is not held up', async () => {
  const sent = join(server.dir, 'sent');
  const local = `{ sleep 0.3; head -c 3000000 /dev/zero; : >${sent}; } | go | { until [ -e ${sent} ]; do sleep 0.05; done; wc -c >&2; }; exit 12`;
  const exit = await synced({ local, remote: 'head -c 1000000 /dev/zero; exit 1' });
  expect(exit).toMatchObject({ code: 12, stderr: expect.stringContaining('1000000') });
});
