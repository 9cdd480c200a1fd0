import { afterAll, beforeAll, expect, test } from 'vitest';
import { sh } from '../../src/shell/sh.ts';
import type { RunIo, Transport } from '../../src/transport/transport.ts';
import { connected, failureIn, never, valueIn } from './connect-with.ts';
import { type Sshd, startSshd } from './sshd.ts';

let sshd: Sshd;
let host: Transport;
const io = (more: Partial<RunIo> = {}): RunIo => ({ signal: never(), timeoutMs: 10_000, ...more });

beforeAll(async () => {
  sshd = await startSshd();
  host = await connected(sshd);
});
afterAll(async () => {
  await host?.[Symbol.asyncDispose]();
  await sshd?.[Symbol.asyncDispose]();
});

test('a script gives its exit status, standard output and standard error', async () => {
  const exit = valueIn(await host.run(sh`echo out; echo err >&2; exit 3`, io()));
  expect(exit).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
});

test('an empty script succeeds', async () => {
  expect(valueIn(await host.run(sh``, io()))).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(valueIn(await host.run(sh`# nothing`, io())).code).toBe(0);
});

test('the commands of a script do not read the script', async () => {
  const exit = valueIn(
    await host.run(
      sh`${sh`cat`}
echo after`,
      io(),
    ),
  );
  expect(exit.stdout).toBe('after\n');
});

test('a here-document works inside a script', async () => {
  const exit = valueIn(
    await host.run(
      sh`cat <<END
one
END
echo two`,
      io(),
    ),
  );
  expect(exit.stdout).toBe('one\ntwo\n');
});

test('hostile words arrive as they were', async () => {
  const word = `a'b"c\\d $HOME \`id\` !x\n%s é€😀`;
  const exit = valueIn(await host.run(sh`printf %s ${word}`, io()));
  expect(exit.stdout).toBe(word);
});

test('lines arrive whole, with characters that were split over packets', async () => {
  const lines: string[] = [];
  const script = sh`printf '\303'; sleep 0.05; printf '\251t\303\251\nsecond\r\n'; printf last; echo oops >&2`;
  valueIn(await host.run(script, io({ onLine: (stream, line) => lines.push(`${stream} ${line}`) })));
  expect(lines.filter((line) => line.startsWith('stdout'))).toEqual(['stdout été', 'stdout second', 'stdout last']);
  expect(lines).toContain('stderr oops');
});

test('output beyond 1 MiB is counted, not kept', async () => {
  const exit = valueIn(await host.run(sh`head -c 5000000 /dev/zero | tr '\0' x`, io()));
  expect(exit.stdout.length).toBeLessThan(1.2 * 1024 * 1024);
  expect(exit.stdout).toMatch(/\[\d+ more bytes were not kept]\n$/);
});

test('a command that runs too long is given up, and its process is told', async () => {
  const began = Date.now();
  const pid = `${sshd.dir}/pid-of-sleeper`;
  const result = await host.run(sh`echo $$ > ${pid}; sleep 60 & wait`, io({ timeoutMs: 300 }));
  expect(failureIn(result)).toEqual({ kind: 'timed-out', what: 'command', ms: 300 });
  expect(Date.now() - began).toBeLessThan(10_000);
  const alive = sh`read -r pid < ${pid}; sleep 0.2; kill -0 "$pid" 2>/dev/null && echo alive; echo "$pid"`;
  expect(valueIn(await host.run(alive, io())).stdout).toMatch(/^\d+\n$/);
});

test('a cancelled command fails as cancelled, and the connection stays usable', async () => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 100);
  const result = await host.run(sh`sleep 60`, io({ signal: controller.signal }));
  expect(failureIn(result).kind).toBe('cancelled');
  expect(valueIn(await host.run(sh`echo still here`, io())).stdout).toBe('still here\n');
});

test('a process that was killed has the status a shell would give it', async () => {
  expect(valueIn(await host.run(sh`kill -9 $$`, io())).code).toBe(137);
});

test('a child that keeps the output open does not keep the command from ending', async () => {
  const began = Date.now();
  const exit = valueIn(await host.run(sh`sleep 30 & echo $! ; exit 4`, io()));
  expect(exit.code).toBe(4);
  expect(Date.now() - began).toBeLessThan(6000);
  await host.run(sh`kill ${exit.stdout.trim()}`, io());
});

test('forty commands at once share few channels and all succeed', async () => {
  const results = await Promise.all(Array.from({ length: 40 }, (_, i) => host.run(sh`echo ${i}`, io())));
  expect(results.map((result) => valueIn(result).stdout.trim())).toEqual(
    Array.from({ length: 40 }, (_, i) => String(i)),
  );
});
