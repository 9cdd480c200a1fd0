import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { only, type Run } from '../e2e/fleet.ts';
import { type Bench, end, openBench, STORY } from './bench.ts';
import { cron, SILENT } from './cron-bench.ts';

type Host = Bench<'it'>['hosts']['it'];

/** Ends whenever there is data/fall, which it takes away before. */
const SERVE = `v=$(cat VERSION)
echo "$v $$" >"$1/data/serving"
until [ -e "$1/data/fall" ]; do sleep 0.2; done
rm -f "$1/data/fall"
exit 5
`;

/** One generation that is good, and a second one on probation. */
async function onProbation(bench: Bench<'it'>, watch: object): Promise<Host> {
  const { it: host } = bench.hosts;
  const check = { command: { command: ['test', '!', '-e', `${host.root}/data/ill`] } };
  const sick = { command: { command: ['test', '-e', `${host.root}/data/never`], warnOn: [1] } };
  bench.write('app/serve.sh', SERVE);
  const policy = { settle: '1ms', deadline: '5m' };
  bench.playbook({
    deploy: { ...policy, watch: { for: '10m', every: '1s', failures: 2, ...watch } },
    health: [check, sick],
  });
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, generation: 1 });
  // There is nothing that it could go back to.
  expect(host.read('.fleet/probation')).toBe(null);
  bench.write('app/VERSION', 'two\n');
  const second = await bench.fleet('deploy', '--all');
  expect(end(second)).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
  expect(JSON.stringify(second.events)).toContain('goes back to 1 by itself if it fails');
  expect(await host.standing()).toEqual(['releases/2', 'two', 'IDLE']);
  return host;
}

const state = (host: Host) => /^state (.*)$/m.exec(host.read('.fleet/probation') ?? '')?.[1] ?? null;

const isBack = (host: Host) => state(host) === 'back' && /^phase IDLE$/m.test(host.read('.fleet/state') ?? '');
const passed = (host: Host) => host.read('.fleet/watcher')?.split('\n')[1] ?? '';
/** What a process of the host has in its environment. */
const environment = (pid = 0) =>
  Object.fromEntries(
    readFileSync(`/proc/${pid}/environ`, 'utf8')
      .split('\0')
      .flatMap((entry) =>
        entry.includes('=') ? [[entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]] : [],
      ),
  );

async function until(what: () => unknown, seconds = 60): Promise<void> {
  const last = Date.now() + seconds * 1000;
  while (!what()) {
    if (Date.now() > last) throw new Error(`never: ${what}`);
    await sleep(100);
  }
}

const watchOf = (run: Run) => (only(run) as { report?: { watch?: object | null } }).report?.watch ?? null;
const fall = (host: Host) => writeFileSync(`${host.root}/data/fall`, '');
/** Once more where the watcher had not begun to count yet. */
const fallsUntilBack = (host: Host) => {
  if (state(host) === 'on' && host.read('data/fall') === null) fall(host);
  return isBack(host);
};
/** Numbers of the processes that look. */
const watchers = (host: Host, mode = 'look') =>
  host.processes().flatMap((line) => (line.trimEnd().endsWith(` ${mode}`) ? [Number(line.split(' ')[0])] : []));
/** And of those that go back. */
const goers = (host: Host) =>
  host.processes().flatMap((line) => (/ probation \S+ go /.test(line) ? [Number(line.split(' ')[0])] : []));

it('what was deployed of one part is watched like any other generation', STORY, async () => {
  await using bench = await openBench('it');
  const host = await onProbation(bench, {});
  bench.write('secrets/app.env', 'TOKEN=another\n');
  const run = await bench.fleet('deploy', '--only', 'env', '--all');
  expect(end(run)).toMatchObject({ code: 0, outcome: 'deployed', generation: 3 });
  expect(JSON.stringify(run.events)).toContain('goes back to 2 by itself if it fails');
  expect(state(host)).toBe('on');
});

it(
  'a generation whose service starts again goes back by itself, and that is told until the next deploy',
  STORY,
  async () => {
    await using bench = await openBench('it');
    const host = await onProbation(bench, {});
    expect(watchOf(await bench.fleet('status', '--all'))).toMatchObject({ state: 'on', from: 1, to: 2, running: true });
    fall(host);
    await until(() => isBack(host));
    expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
    await until(() => watchers(host).length === 0);

    const told = { state: 'back', from: 1, to: 2, because: expect.stringMatching(/^app\.service was restarted/) };
    expect(watchOf(await bench.fleet('status', '--all'))).toMatchObject(told);
    const history = (await bench.human('history', '--all')).stdout;
    expect(history).toContain('app.service was restarted');
    const health = await bench.human('health', '--all');
    expect(health.code).toBe(0);
    expect(health.stdout).toMatch(/watch +WARNING .*the host went back by itself from generation 2 to 1/);
    expect((await bench.human('plan', '--all')).stdout).toContain(
      'the host went back by itself from generation 2 to 1',
    );
    // One that was left is no target any more.
    expect(end(await bench.fleet('rollback', '--all', '--to', '2'))).toMatchObject({ code: 3, outcome: 'untouched' });

    bench.write('app/VERSION', 'three\n');
    expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, generation: 3 });
    expect(watchOf(await bench.fleet('status', '--all'))).toMatchObject({ state: 'on', from: 1, to: 3 });
    expect(end(await bench.fleet('rollback', '--full', '--all', '--yes'))).toMatchObject({ outcome: 'removed' });
  },
);

it('a check that fails in a row takes it back, and one that never passed does not', STORY, async () => {
  await using bench = await openBench('it');
  const host = await onProbation(bench, {});
  await until(() => passed(host).includes('0'));
  writeFileSync(`${host.root}/data/ill`, '');
  await until(() => isBack(host));
  expect(host.read('.fleet/log')).toMatch(/ watch 1 2 reverted \S+\tcommand test ! -e \S+ failed 2 times in a row\n$/);
  expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
});

it('one that stays well is kept, and nothing of the watch is left when its time is over', STORY, async () => {
  await using bench = await openBench('it');
  // Long enough for the three looks in between to have been taken on a busy machine.
  const host = await onProbation(bench, { for: '20s', restarts: 1 });
  fall(host);
  await until(() => state(host) === null);
  await until(() => watchers(host).length + watchers(host, 'guard').length === 0);
  expect(await host.standing()).toEqual(['releases/2', 'two', 'IDLE']);
  expect(host.read('.fleet/log')?.trimEnd().split('\n')).toHaveLength(2);
  expect(['watcher', 'ballast'].map((name) => host.read(`.fleet/${name}`))).toEqual([null, null]);
});

it('another deploy ends the watch of the one before, and is watched itself', STORY, async () => {
  await using bench = await openBench('it');
  const host = await onProbation(bench, {});
  const [first] = watchers(host);
  bench.write('app/VERSION', 'three\n');
  const run = await bench.fleet('deploy', '--all');
  expect(end(run)).toMatchObject({ code: 0, generation: 3 });
  expect(JSON.stringify(run.events)).toContain('generation 2 was still being watched; that has ended');
  await until(() => !existsSync(`/proc/${first}`) && watchers(host).length === 1);
  await until(() => fallsUntilBack(host));
  expect(await host.standing()).toEqual(['releases/2', 'two', 'IDLE']);
});

it('whoever kills the watcher, or the way back, does not end it', STORY, async () => {
  await using bench = await openBench('it');
  const host = await onProbation(bench, {});
  const [first = 0] = watchers(host);
  process.kill(first, 'SIGKILL');
  await until(() => watchers(host).some((pid) => pid !== first));
  // Killed again and again on the way back, at whatever step that is.
  const killed = new Set<number>();
  fall(host);
  await until(() => {
    const pid = killed.size < 3 ? goers(host).find((one) => !killed.has(one)) : undefined;
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    if (pid !== undefined) killed.add(pid);
    return isBack(host);
  });
  expect(killed.size).toBe(3);
  expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
  expect(host.read('.fleet/log')?.match(/ watch 1 2 reverted /g)).toHaveLength(1);
});

it('a watch whose processes are all gone is told as such, and leaves the host as it is', STORY, async () => {
  await using bench = await openBench('it');
  const host = await onProbation(bench, {});
  await until(() => watchers(host).length === 1);
  const env = environment(watchers(host)[0]);
  for (const pid of [...watchers(host, 'guard'), ...watchers(host)]) process.kill(pid, 'SIGKILL');
  fall(host);
  expect((await bench.human('health', '--all')).stdout).toMatch(
    /watch +WARNING .*nobody watches generation 2 any more/,
  );
  expect((await bench.human('status', '--all')).stdout).toContain('nobody watches generation 2 any more');
  await until(() => host.read('data/fall') === null);
  await sleep(3000);
  expect([state(host), host.read('.fleet/log')?.includes(' watch ')]).toEqual(['on', false]);
  // What starts it at boot goes on with it.
  execFileSync('sh', [`${host.root}/.fleet/host.sh`, host.root, 'app', 'boot'], { env });
  await until(() => watchers(host).length === 1);
  await until(() => fallsUntilBack(host));
});

it('while a person holds the host it goes nowhere', STORY, async () => {
  await using bench = await openBench('it');
  const host = await onProbation(bench, {});
  await bench.fleet('lock', '--hold', 'by hand', '--all');
  fall(host);
  await until(() => host.read('data/fall') === null);
  await sleep(4000);
  expect(await host.standing()).toEqual(['releases/2', 'two', 'IDLE']);
  await bench.fleet('lock', '--release', '--all');
  await sleep(2500);
  expect(state(host)).toBe('on');
  await until(() => fallsUntilBack(host));
});

it('a host that has gone back by itself once more is told once more by the cron job', STORY, async () => {
  await using bench = await openBench('it');
  const host = await onProbation(bench, {});
  // One check of it warns all the time.
  await cron(bench);
  await until(() => fallsUntilBack(host));
  const first = await cron(bench);
  expect(first.stdout).toMatch(
    /^WARNING \[\w{4}\] app on it: watch: the host went back by itself from generation 2 to 1 /m,
  );
  expect(await cron(bench)).toMatchObject(SILENT);

  // Between two runs: deployed again, and gone back again.
  bench.write('app/VERSION', 'three\n');
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, generation: 3 });
  await until(() => fallsUntilBack(host));
  const second = await cron(bench);
  expect(second.stdout).toMatch(
    /^WARNING \[\w{4}\] app on it: watch: the host went back by itself from generation 3 to 1 /m,
  );
  expect(await cron(bench)).toMatchObject(SILENT);
});
