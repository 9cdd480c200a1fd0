import { appendFileSync, chmodSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
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
  const { code, stdout, stderr } = await running.ended;
  // Ctrl-C is how one ends to follow.
  expect(code).toBe(0);
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

it('lines go into a file that nobody else can read, and one that cannot be written is said', STORY, async () => {
  await using bench = await deployed('it');
  const file = join(bench.folder, 'out.txt');
  writeFileSync(file, 'what was there before\n');
  chmodSync(file, 0o644);
  expect(await bench.human('logs', '--all', '--output', file)).toEqual({ code: 0, stdout: '', stderr: '' });
  expect(readFileSync(file, 'utf8')).toMatch(/^\d{4}-.* starts with \[secret TOKEN\]\n.*red.*\n$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);

  const { line } = bench.hosts.it;
  const before = line.passed;
  const none = await bench.human('logs', '--all', '--output', join(bench.folder, 'none/x'));
  expect(none).toMatchObject({ code: 2, stdout: '' });
  expect(none.stderr).toMatch(/^--output \S+\/none\/x cannot be written: ENOENT.*\nno host was contacted\n$/);
  expect(line.passed).toBe(before);
  const full = await bench.human('logs', '--all', '--output', '/dev/full');
  expect(full).toMatchObject({ code: 1, stdout: '' });
  expect(full.stderr).toMatch(/^fleet: \/dev\/full cannot be written \(ENOSPC.*\): lines are missing at its end\n$/);
  expect(statSync('/dev/full').mode & 0o777).toBe(0o666);
  // What follows ends then, and scripts hear of it as well.
  const follow = await bench.fleet('logs', '-f', '--all', '--output', '/dev/full');
  expect({ code: follow.code, said: follow.summary?.exitCode }).toEqual({ code: 1, said: 1 });
});

/** As a person sees it at a terminal, until these words. */
async function atTerminal(bench: Bench<string>, env: Record<string, string>, until: string, ...words: string[]) {
  const { invoker, ...world } = bench.world();
  const { NO_COLOR: _, ...plain } = invoker.env;
  const ctrlC = new AbortController();
  let said = '';
  const stdout = Object.assign(
    new Writable({
      decodeStrings: false,
      write(piece, _encoding, done) {
        said += piece;
        if (said.includes(until)) ctrlC.abort();
        done();
      },
    }),
    { isTTY: env.TERM !== undefined },
  );
  const context = { ...world, invoker: { ...invoker, env: { ...plain, ...env } }, signal: ctrlC.signal };
  const code = await runCommandLine(words, { ...context, stdout: stdout as never });
  return { code, said };
}

it(
  'colours are those of the other commands: FORCE_COLOR decides, then NO_COLOR, then the terminal',
  STORY,
  async () => {
    await using bench = await deployed('it');
    const coloured = async (env: Record<string, string>) => {
      const { code, said } = await atTerminal(bench, env, 'never said', 'logs', '--all');
      expect(code).toBe(0);
      return said.includes('\x1b[');
    };
    expect(await coloured({ TERM: 'xterm' })).toBe(true);
    expect(await coloured({ FORCE_COLOR: '1' })).toBe(true);
    expect(await coloured({ FORCE_COLOR: '0', TERM: 'xterm' })).toBe(false);
    expect(await coloured({ TERM: 'dumb' })).toBe(false);
    expect(await coloured({ TERM: 'xterm', NO_COLOR: '1' })).toBe(false);
    expect(await coloured({})).toBe(false);
  },
);

it('what says from when on is told whole before what comes; Ctrl-C ends that with 0', STORY, async () => {
  await using bench = await deployed('it');
  const log = join(bench.hosts.it.root, '.fleet/run/app.service/log');
  const old = Array.from({ length: 30 }, (_, n) => `old ${n}`);
  appendFileSync(log, `${old.join('\n')}\n`);
  const told = async (...words: string[]) => {
    const { code, said } = await atTerminal(bench, {}, 'old 29\n', 'logs', '-f', '--all', '-o', 'raw', ...words);
    return { code, old: said.split('\n').filter((line) => line.startsWith('old')) };
  };
  expect(await told('--since', '1h')).toEqual({ code: 0, old });
  expect(await told('--invocation', 'last')).toEqual({ code: 0, old });
  expect(await told()).toEqual({ code: 0, old: old.slice(-10) });
  expect(await told('--since', '1h', '-n', '3')).toEqual({ code: 0, old: old.slice(-3) });
});

it(
  'without systemd lines are narrowed by their level; of what cannot be kept each host says so once',
  STORY,
  async () => {
    await using bench = await deployed('one', 'two');
    for (const { root } of Object.values(bench.hosts))
      writeFileSync(join(root, '.fleet/run/app.service/log'), '<3>bad\n<6>well\nplain\n');
    const bad = await bench.human('logs', '--all', '-p', 'err', '-o', 'raw');
    expect(bad).toEqual({ code: 0, stdout: 'bad\nbad\n', stderr: '' });
    expect((await bench.human('logs', '--host', 'one', '-p', 'info', '-o', 'raw')).stdout).toBe('bad\nwell\nplain\n');
    for (const wrong of ['bad', '0..9', 'err..info..debug', '8'])
      expect(await bench.human('logs', '--all', '-p', wrong)).toMatchObject({ code: 2, stdout: '' });
    const ignored = ['--since', '1h', '--until', 'now', '--boot'];
    const all = await bench.human('logs', '--all', ...ignored, '-o', 'raw');
    expect(all).toMatchObject({ code: 0, stdout: 'bad\nwell\nplain\n'.repeat(2) });
    const said = (host: string) =>
      `${host}: without systemd lines have no times: none is left out for --since, --until and --boot`;
    expect(all.stderr.trim().split('\n').sort()).toEqual([said('one'), said('two')]);
    // Not with each look for new lines.
    const log = join(bench.hosts.one.root, '.fleet/run/app.service/log');
    const follow = bench.start(['logs', '-f', '--host', 'one', '--since', '1h'], {
      on: [
        ['"text":"plain"', () => sleep(2000).then(() => appendFileSync(log, 'more\n'))],
        ['"text":"more"', ({ interrupt }) => interrupt()],
      ],
    });
    const { code, stderr } = await follow.ended;
    expect({ code, times: stderr.match(/have no times/g)?.length }).toEqual({ code: 0, times: 1 });
  },
);
