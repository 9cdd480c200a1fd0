import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';
import { jsonLines } from '../json-lines.ts';
import { type Bench, openBench, STORY } from './bench.ts';

const SERVE = `echo "starts with $TOKEN"
printf 'red \\033[31m text\\n'
echo "$(cat VERSION) $$" >"$1/data/serving"
exec sleep 600
`;

async function deployed<N extends string>(...names: readonly N[]): Promise<Bench<N>> {
  const bench = await openBench(...names);
  bench.write('app/serve.sh', SERVE);
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  return bench;
}

it('the last lines are told with host and unit, without known secrets and control bytes', STORY, async () => {
  await using bench = await deployed('one', 'two');
  const all = await bench.human('logs', '--all');
  expect({ code: all.code, stderr: all.stderr }).toEqual({ code: 0, stderr: '' });
  expect(all.stdout).toMatch(
    /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}~ one app\.service \| starts with \[secret TOKEN\]$/m,
  );
  expect(all.stdout).toMatch(/two app\.service \| red \\x1b\[31m text$/m);
  expect(all.stdout).not.toContain('canary-token');
  expect(all.stdout).not.toContain('\x1b');
  expect((await bench.human('logs', 'app', '--host', 'one', '-n', '1', '-o', 'raw')).stdout).toBe(
    'red \\x1b[31m text\n',
  );
  expect((await bench.human('logs', '--host', 'one', '--grep', '^starts', '-o', 'raw')).stdout).toBe(
    'starts with [secret TOKEN]\n',
  );
  const json = jsonLines((await bench.human('logs', '--host', 'two', '-o', 'json')).stdout);
  expect(json[1]).toMatchObject({
    type: 'line',
    host: 'two',
    app: 'app',
    unit: 'app.service',
    text: 'red \x1b[31m text',
    v: 1,
  });
  const file = join(bench.folder, 'out.txt');
  expect((await bench.human('logs', '--host', 'one', '--output', file)).stdout).toBe('');
  expect(readFileSync(file, 'utf8')).toContain('starts with [secret TOKEN]');
  expect(await bench.human('logs', 'wrong', '--all')).toMatchObject({ code: 2, stdout: '' });
  expect((await bench.human('logs', '--all', '--since', 'whenever')).code).toBe(2);
});

it('what comes is followed, across a rotation and a lost link, with no line lost and none twice', STORY, async () => {
  await using bench = await deployed('it');
  const { root, line } = bench.hosts.it;
  const log = join(root, '.fleet/run/app.service/log');
  const said: string[] = [];
  let n = 0;
  const write = (count: number) => {
    for (const end = n + count; n < end; ) {
      n += 1;
      appendFileSync(log, `line ${n}\n`);
    }
  };
  const running = bench.start(['logs', 'app', '-f', '-n', '1', '--all'], {
    on: [
      ['"text":"red', () => write(50)],
      ['"text":"line 50"', () => line.reset()],
      [
        '"text":"line 50"',
        async () => {
          write(20);
          renameSync(log, `${log}.1`);
          writeFileSync(log, '');
          write(30);
        },
      ],
      ['"text":"line 100"', ({ interrupt }) => interrupt()],
    ],
  });
  const { stdout, stderr } = await running.ended;
  for (const text of stdout.split('\n')) {
    const [, number] = /"text":"line (\d+)"/.exec(text) ?? [];
    if (number !== undefined) said.push(number);
  }
  expect(said).toEqual(Array.from({ length: 100 }, (_, i) => String(i + 1)));
  expect(stderr).toContain('it: lost (connection-lost), connecting again');
  expect(stderr).toContain('it: back, going on behind the last line');
  await sleep(0);
  expect(existsSync(log)).toBe(true);
});

it('a reader that stands still makes the host wait, and has all of it when it goes on', STORY, async () => {
  await using bench = await deployed('it');
  const { root, line } = bench.hosts.it;
  const MANY = 40_000;
  const text = Array.from({ length: MANY }, (_, n) => `line ${n} ${'x'.repeat(200)}\n`).join('');
  writeFileSync(join(root, '.fleet/run/app.service/log'), text);
  let said = '';
  let begun = () => {};
  const standing = new Promise<void>((done) => {
    begun = done;
  });
  let goOn = () => {};
  const held = new Promise<void>((done) => {
    goOn = done;
  });
  const stdout = new Writable({
    ...{ decodeStrings: false, highWaterMark: 1 },
    async write(piece, _encoding, done) {
      said += piece;
      begun();
      await held;
      done();
    },
  });
  const before = line.passed;
  const ended = runCommandLine(['logs', '--all', '--grep', '^line', '-o', 'raw'], {
    ...bench.world(),
    stdout: stdout as never,
  });
  await standing;
  // Until it reads no further.
  for (let had = -1; had < line.passed; ) {
    had = line.passed;
    await sleep(2000);
  }
  expect(line.passed - before).toBeLessThan(text.length / 2);
  goOn();
  expect(await ended).toBe(0);
  expect(said === text).toBe(true);
  expect(line.passed - before).toBeGreaterThan(text.length);
});
