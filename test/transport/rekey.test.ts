import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { digest } from '../../src/model/ids.ts';
import type { Tree } from '../../src/model/plan.ts';
import { sh } from '../../src/shell/sh.ts';
import { hostVerifier } from '../../src/transport/ssh2/hop.ts';
import { connected, never, valueIn } from './connect-with.ts';
import { type Sshd, startSshd } from './sshd.ts';

let sshd: Sshd;
const io = { signal: never(), timeoutMs: 60_000 };
const SIZE = 24 * 1024 * 1024;
const log: string[] = [];

beforeAll(async () => {
  sshd = await startSshd(['RekeyLimit 1M', 'LogLevel DEBUG1']);
  sshd.process.stderr?.on('data', (chunk) => log.push(String(chunk)));
});
afterAll(() => sshd?.[Symbol.asyncDispose]());

/** How often the server has taken new keys into use since the log was emptied. */
const renewals = () => log.join('').match(/SSH2_MSG_NEWKEYS received/g)?.length ?? 0;

test.each(['rsync', 'tar'] as const)(
  'a server that renews keys every MiB gets a whole upload by %s',
  async (method) => {
    await using host = await connected(sshd);
    const from = join(sshd.dir, `src-${method}`);
    const to = join(sshd.dir, `to-${method}`);
    for (const folder of [from, to]) mkdirSync(folder);
    // Bytes that no compression makes smaller.
    writeFileSync(
      join(from, 'big'),
      Buffer.from(Array.from({ length: SIZE / 4096 }, (_, i) => `${i}`.padEnd(4096, `${i * 7919}`)).join('')),
    );
    const tree: Tree = {
      from,
      entries: [{ type: 'file', path: 'big', executable: false, size: SIZE, digest: digest('') }],
      bytes: SIZE,
      digest: digest(''),
    };
    log.length = 0;
    const exit = valueIn(await host.sync({ tree, to, linkFrom: null, copyFrom: null, group: 'root' }, method, io));
    expect(exit).toMatchObject({ code: 0 });
    expect(readdirSync(to)).toEqual(['big']);
    expect(statSync(join(to, 'big')).size).toBe(SIZE);
    expect(renewals()).toBeGreaterThan(5);
    // The connection serves on.
    expect(valueIn(await host.run(sh`echo on`, io)).stdout).toBe('on\n');
  },
);

test('(a client that takes its time over the key breaks such an upload)', async () => {
  const client = new ssh2.Client();
  const end = await new Promise<string>((resolve) => {
    client.on('error', (error) => resolve(error.message));
    client.on('close', () => resolve('closed'));
    client.on('ready', () =>
      client.exec('cat >/dev/null', (error, channel) => {
        if (error) return resolve(error.message);
        channel.on('exit', (code: number | null) => resolve(`exit ${code}`));
        channel.resume();
        // As the transport does: what has been written is followed by more as soon as the channel takes it.
        const feed = setInterval(() => channel.write(Buffer.alloc(100_000, 1)), 1);
        channel.on('close', () => clearInterval(feed));
        setTimeout(() => {
          clearInterval(feed);
          channel.end();
        }, 2000);
      }),
    );
    client.connect({
      host: '127.0.0.1',
      port: sshd.port,
      username: sshd.user,
      privateKey: sshd.key.privateText,
      hostVerifier: (_key: Buffer, verify: (ok: boolean) => void) => void setTimeout(() => verify(true), 20),
    });
  });
  client.destroy();
  expect(end).not.toBe('exit 0');
});

test('a later exchange must present the key of the first, and is answered at once', async () => {
  const progress = { keyRefusal: null, otherKey: false };
  const verifier = hostVerifier({ refusal: async () => null }, progress);
  const answer = (key: string) => {
    let said: boolean | null = null;
    verifier(Buffer.from(key), (accept) => {
      said = accept;
    });
    return { atOnce: said, later: new Promise((resolve) => setTimeout(() => resolve(said), 5)) };
  };
  const first = answer('one');
  expect(first.atOnce).toBeNull();
  expect(await first.later).toBe(true);
  expect(answer('one').atOnce).toBe(true);
  expect(answer('other').atOnce).toBe(false);
  expect(progress.otherKey).toBe(true);
});
