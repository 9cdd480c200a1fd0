import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { runCommandLine } from '../../src/cli/program.ts';
import type { Run } from '../e2e/fleet.ts';
import { type Bench, openBench, STORY, until } from './bench.ts';

const SERVICE = `[Unit]
PartOf=all.target
[Service]
WorkingDirectory={{ root }}/current
ExecStart=/bin/sh serve.sh {{ root }}
ExecReload=/bin/kill -USR1 $MAINPID
Restart=on-failure
RestartSec=1

[Install]
WantedBy=all.target
`;
const SERVE = `[ ! -e "$1/data/refuse" ] || { echo "refused, says $TOKEN" >&2; exit 4; }
trap 'echo reloaded >>"$1/data/reloads"' USR1
while :; do sleep 0.1; done
`;

/** Two services and the target that takes both along. */
function two(bench: Bench<string>): void {
  bench.write('units/app.service', SERVICE);
  bench.write('units/side.service', SERVICE);
  bench.write('units/all.target', '[Unit]\nWants=app.service side.service\n[Install]\nWantedBy=multi-user.target\n');
  bench.write('app/serve.sh', SERVE);
  const units = { from: 'units', enable: ['app.service', 'side.service'], template: true };
  bench.playbook({ tasks: [{ sync: { from: 'app' } }, { env: { from: 'secrets/app.env' } }, { units }] });
}

type Line = {
  readonly unit: string;
  readonly was: { active: string; pid: number };
  readonly is: { active: string; pid: number };
};
type Ended = {
  readonly outcome: string;
  readonly work?: { units: readonly Line[] };
  readonly failure: { kind: string } | null;
};
const ends = (run: Run) => (run.summary?.hosts ?? []) as unknown as readonly Ended[];
const ways = (run: Run) =>
  ends(run).map(({ work }) => work?.units.map(({ unit, was, is }) => `${unit} ${was.active} ${is.active}`));

it('services are stopped, started and restarted by name and glob; what a person changed is told', STORY, async () => {
  await using bench = await openBench('it');
  two(bench);
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);

  const stop = await bench.fleet('stop', 'side', '--all');
  expect({ code: stop.code, ways: ways(stop) }).toEqual({ code: 0, ways: [['side.service active inactive']] });
  const status = await bench.human('status', '--all');
  expect(status.stdout).toMatch(/! it: side\.service was stopped by alice@\S+ \(\d{4}-/);
  expect(status.stdout).toMatch(/^it +side\.service +inactive \(dead\), stopped by hand /m);
  expect(status.stdout).toMatch(/^it +app\.service +active \(running\) +\d+s +1 +\d+ +0 +[\d.]+ [KM]iB +[\d.]+s/m);
  const order = [...status.stdout.matchAll(/^it +(\w+)\.service/gm)].map(([, name]) => name);
  expect(order).toEqual(['side', 'app']);
  const plan = await bench.human('plan', '--all');
  expect(plan.stdout).toMatch(/! side\.service was stopped by alice@/);
  expect(plan.stdout).toContain('start side.service (it is down)');

  const all = await bench.fleet('restart', '*', '--all');
  expect({ code: all.code, ways: ways(all) }).toEqual({
    code: 0,
    ways: [expect.arrayContaining(['app.service active active', 'side.service inactive active'])],
  });
  const app = ends(all)[0]?.work?.units.find(({ unit }) => unit === 'app.service');
  expect(app?.is.pid).not.toBe(app?.was.pid);
  expect((await bench.human('status', '--all')).stdout).not.toContain('was stopped');

  const history = await bench.human('history', '--all');
  expect(history.stdout).toMatch(/ stop side\.service +1 +done +alice@/);
  expect(history.stdout).toMatch(/ restart .*and 1 more|restart app\.service/);
});

it(
  'a name that fits nothing is refused before anything is done, and so is more than one host without a yes',
  STORY,
  async () => {
    await using bench = await openBench('one', 'two');
    expect((await bench.fleet('deploy', '--all')).code).toBe(0);
    const none = await bench.human('stop', 'app', 'wrong*', '--all');
    expect({ code: none.code, stdout: none.stdout }).toEqual({ code: 2, stdout: '' });
    expect(none.stderr).toContain('no unit matches "wrong*": the active generations have app.service');
    const two = await bench.human('stop', 'app', '--all');
    expect({ code: two.code, stdout: two.stdout }).toEqual({ code: 2, stdout: '' });
    expect(two.stderr).toMatch(/stop app\.service on 2 hosts \((one and two|two and one)\)\?/);
    for (const host of [bench.hosts.one, bench.hosts.two])
      expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
    const yes = await bench.fleet('stop', 'app', '--all', '--yes');
    expect(ways(yes)).toEqual([['app.service active inactive'], ['app.service active inactive']]);
  },
);

it('a service that does not stay up is told with its last words, and what it knows stays secret', STORY, async () => {
  await using bench = await openBench('it');
  bench.write('app/serve.sh', SERVE);
  bench.playbook({ deploy: { settle: '1s', deadline: '5m' } });
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  mkdirSync(join(bench.hosts.it.root, 'data'), { recursive: true });
  writeFileSync(join(bench.hosts.it.root, 'data/refuse'), '');
  const run = await bench.fleet('restart', 'app', '--all');
  expect({ code: run.code, end: ends(run)[0]?.outcome, kind: ends(run)[0]?.failure?.kind }).toEqual({
    ...{ code: 1, end: 'failed', kind: 'not-settled' },
  });
  expect(run.stdout).toContain('refused, says [secret TOKEN]');
  expect(run.stdout).not.toContain('canary-token');
});

it('--rolling stops at the first host that does not come back healthy', STORY, async () => {
  await using bench = await openBench('one', 'two');
  bench.write('app/serve.sh', SERVE);
  bench.playbook({ deploy: { settle: '1ms', deadline: '5m' } });
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  const well = await bench.fleet('restart', 'app', '--all', '--rolling');
  expect({ code: well.code, ends: ends(well).map(({ outcome }) => outcome) }).toEqual({
    code: 0,
    ends: ['done', 'done'],
  });
  mkdirSync(join(bench.hosts.one.root, 'data'), { recursive: true });
  writeFileSync(join(bench.hosts.one.root, 'data/refuse'), '');
  bench.playbook({ deploy: { settle: '1ms', deadline: '5s' } });
  const bad = await bench.fleet('restart', 'app', '--all', '--rolling');
  expect({ code: bad.code, ends: ends(bad).map(({ outcome }) => outcome) }).toEqual({
    ...{ code: 1, ends: ['failed', 'untouched'] },
  });
});

it('reload runs what the unit says; a service that is disabled is not started at boot', STORY, async () => {
  await using bench = await openBench('it');
  two(bench);
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  expect((await bench.fleet('reload', 'app', '--all')).code).toBe(0);
  const reloads = join(bench.hosts.it.root, 'data/reloads');
  for (let i = 0; i < 50 && !existsSync(reloads); i += 1) await new Promise((done) => setTimeout(done, 100));
  expect(readFileSync(reloads, 'utf8')).toBe('reloaded\n');
  const run = await bench.fleet('disable', 'side', '--all');
  expect(run.code).toBe(0);
  expect((await bench.human('status', '--all')).stdout).toContain('side.service was disabled by alice@');
  expect(bench.hosts.it.read('.fleet/by-hand')).toMatch(/^side\.service disabled /);
  // The next deploy puts it as the playbook says.
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  expect(bench.hosts.it.read('.fleet/by-hand')).toBeNull();
});

it('a verb keeps off a host that somebody holds, and off one in the middle of a change', STORY, async () => {
  await using bench = await openBench('it');
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  expect((await bench.start(['lock', '--hold', 'disk swap', '--all'], { as: 'bob' }).ended).code).toBe(0);
  const held = await bench.fleet('restart', 'app', '--all');
  expect({ code: held.code, kind: ends(held)[0]?.failure?.kind }).toEqual({ code: 3, kind: 'locked' });
  // Who holds it is at work there.
  expect((await bench.start(['restart', 'app', '--all'], { as: 'bob' }).ended).code).toBe(0);
  expect((await bench.start(['lock', '--release', '--all'], { as: 'bob' }).ended).code).toBe(0);

  bench.write('app/VERSION', 'two\n');
  bench.playbook({ deploy: { settle: '4s', deadline: '5m' } });
  let beside: Promise<Run> | undefined;
  const deploy = await bench.start(['deploy', '--all'], {
    on: [['"phase":"settle"', () => (beside = bench.fleet('stop', 'app', '--all'))]],
  }).ended;
  const refused = await beside;
  expect(refused && { code: refused.code, kind: ends(refused)[0]?.failure?.kind }).toEqual({ code: 3, kind: 'locked' });
  expect(deploy.code).toBe(0);
  expect(await bench.hosts.it.standing()).toEqual(['releases/2', 'two', 'IDLE']);
});

it('what is watched is drawn anew over one connection, until it is ended', STORY, async () => {
  await using bench = await openBench('it');
  expect((await bench.fleet('deploy', '--all')).code).toBe(0);
  let drawn = '';
  const screen = new Writable({
    decodeStrings: false,
    write(text, _encoding, done) {
      drawn += text;
      done();
    },
  });
  const stdout = Object.assign(screen, { isTTY: true, columns: 200, rows: 50 }) as unknown as NodeJS.WriteStream;
  const end = new AbortController();
  const watching = runCommandLine(['status', '--watch', '--all'], { ...bench.world(), stdout, signal: end.signal });
  const until = async (words: string) => {
    for (let i = 0; i < 300 && !drawn.includes(words); i += 1) await sleep(100);
    expect(drawn).toContain(words);
  };
  await until('active (running)');
  const { connections } = bench.hosts.it.line;
  expect((await bench.fleet('stop', 'app', '--all')).code).toBe(0);
  await until('inactive (dead), stopped by hand');
  // The two of the verb.
  expect(bench.hosts.it.line.connections).toBe(connections + 2);
  end.abort();
  expect(await watching).toBe(0);
  expect(drawn.startsWith('\x1b[H')).toBe(true);
  const piped = await bench.human('status', '--watch', '--all');
  expect({ code: piped.code, stdout: piped.stdout }).toEqual({ code: 2, stdout: '' });
});

it(
  'a signal that there is not is refused before anything, and one that the host cannot send fails',
  STORY,
  async () => {
    await using bench = await openBench('it');
    two(bench);
    expect((await bench.fleet('deploy', '--all')).code).toBe(0);
    const { line, root } = bench.hosts.it;
    const before = line.passed;
    for (const word of ['9x9', 'TERMS', '0', '-9', '99']) {
      const run = await bench.human('kill', 'app', '--all', '--signal', word);
      expect(run).toMatchObject({ code: 2, stdout: '' });
      expect(run.stderr).toContain(`the signal must be one such as HUP or USR1, not "${word}"`);
    }
    expect(line.passed).toBe(before);
    const unsent = await bench.fleet('kill', 'app', '--all', '--signal', 'RTMIN+99');
    expect({ code: unsent.code, ends: ends(unsent).map(({ outcome }) => outcome) }).toEqual({
      code: 1,
      ends: ['failed'],
    });
    expect(ways(unsent)).toEqual([['app.service active active']]);
    const sent = await bench.fleet('kill', 'app', '--all', '--signal', 'sigusr1');
    expect({ code: sent.code, ways: ways(sent) }).toEqual({ code: 0, ways: [['app.service active active']] });
    await until(() => expect(readFileSync(join(root, 'data/reloads'), 'utf8')).toBe('reloaded\n'));
  },
);
