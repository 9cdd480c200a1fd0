import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Run } from '../e2e/fleet.ts';
import { end, openBench, STORY, TASKS } from './bench.ts';

const planOf = (run: Run) => run.events.find(({ type }) => type === 'planned')?.plan;
const linesOf = (run: Run) => run.events.flatMap(({ type, line }) => (type === 'output' ? [line] : []));
const phases = (run: Run) => run.events.flatMap(({ type, phase }) => (type === 'phase' ? [phase] : []));

it('brings an app to an empty host, has nothing to do the next time, and brings one changed file', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  const first = await bench.fleet('deploy', '--all');
  expect(end(first)).toMatchObject({ code: 0, outcome: 'deployed', generation: 1, failure: null });
  const all = ['connect', 'probe', 'plan', 'prepare', 'stage', 'activate', 'settle', 'verify', 'commit'];
  expect(phases(first)).toEqual(all);
  expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
  expect(host.read('.env')).toContain('canary-token');
  // The control of what every story ends with: that nothing runs any more.
  expect(host.processes().join('\n')).toMatch(/ supervise app\.service 1 \n.*sleep 600/);

  const before = host.line.connections;
  const again = await bench.fleet('deploy', '--all');
  expect(end(again)).toMatchObject({ code: 0, outcome: 'unchanged', generation: 1 });
  expect(phases(again)).toEqual(['connect', 'probe', 'plan']);
  expect(host.line.connections - before).toBe(1);

  bench.write('app/VERSION', 'two\n');
  const second = await bench.fleet('deploy', '--all');
  expect(end(second)).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
  expect(planOf(second)).toMatchObject({ to: 'advance', base: 1, changes: [{ sign: '~', text: 'code .' }] });
  expect(await host.standing()).toEqual(['releases/2', 'two', 'IDLE']);
  expect([first, again, second].map(({ stdout, stderr }) => stdout + stderr).join()).not.toContain('canary-token');
});

it('takes a version back that ends at once, and says why in its own last lines', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  bench.write('app/VERSION', 'broken\n');
  const first = await bench.fleet('deploy', '--all');
  expect(end(first)).toMatchObject({
    ...{ code: 1, outcome: 'reverted', generation: 0 },
    failure: {
      ...{ kind: 'not-settled', message: 'app.service did not stay up: it exited with status 3' },
      units: [{ unit: 'app.service', result: 'exit-code', status: 3, log: ['cannot open the shop'] }],
    },
  });
  expect(await host.standing()).toEqual([null, null, 'IDLE']);

  bench.write('app/VERSION', 'one\n');
  expect(end(await bench.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
  bench.write('app/VERSION', 'broken again\n');
  const last = await bench.fleet('deploy', '--all');
  expect(end(last)).toMatchObject({ code: 1, outcome: 'reverted', generation: 2, failure: { kind: 'not-settled' } });
  expect(await host.standing()).toEqual(['releases/2', 'one', 'IDLE']);
});

it('takes a version back that stays up and fails its check', STORY, async () => {
  await using bench = await openBench('it');
  bench.playbook({ health: [{ command: { command: ['sh', '-c', 'echo not yet; exit 1'], retryFor: '1ms' } }] });
  const run = await bench.fleet('deploy', '--all');
  expect(end(run)).toMatchObject({ code: 1, outcome: 'reverted', generation: 0, failure: { kind: 'unhealthy' } });
  expect(end(run).failure?.message).toContain('not yet');
  expect(phases(run).slice(-3)).toEqual(['settle', 'verify', 'revert']);
});

it(
  'leaves nothing of itself when a build step fails, and shows no secret that the step has printed',
  STORY,
  async () => {
    await using bench = await openBench('it');
    const { it: host } = bench.hosts;
    const build = { run: { command: ['sh', '-c', 'printf canary-; echo token; exit 3'] } };
    bench.playbook({ tasks: [...TASKS, build] });
    const run = await bench.fleet('deploy', '--all');
    expect(end(run)).toMatchObject({
      ...{ code: 1, outcome: 'reverted', generation: 0 },
      failure: { kind: 'step-failed', exit: { code: 3 } },
    });
    // What was made ready for it was undone as well.
    expect(run.events.some(({ state }) => state === 'undone')).toBe(true);
    expect(existsSync(host.root)).toBe(false);
    expect(run.stdout + run.stderr).not.toContain('canary-token');
    expect(linesOf(run)).toContain('[secret TOKEN]');
  },
);

it('does not touch a host where a precondition does not hold, or that lacks what a task needs', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  bench.playbook({ preconditions: [{ command: ['sh', '-c', 'echo the wrong machine; exit 1'] }] });
  const asked = await bench.fleet('deploy', '--all');
  expect(end(asked)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'precondition' } });
  expect(end(asked).failure?.message).toContain('the wrong machine');
  bench.playbook({ tasks: [...TASKS, { directories: [{ path: 'kept', owner: 'nobody' }] }] });
  const lacking = await bench.fleet('deploy', '--all');
  expect(end(lacking)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'unsupported' } });
  expect(end(lacking).failure?.message).toContain('root, to make');
  expect(existsSync(host.root)).toBe(false);
});

it(
  'runs what comes before the start behind the sealed release, and begins no switch when it fails',
  STORY,
  async () => {
    await using bench = await openBench('it');
    const { it: host } = bench.hosts;
    const step = (text: string) => ({ run: { command: ['sh', '-c', text], when: 'before-start' } });
    bench.playbook({ tasks: [...TASKS, step('echo "$(cat VERSION) $TOKEN" >>../../data/migrated')] });
    const first = await bench.fleet('deploy', '--all');
    expect(end(first)).toMatchObject({ code: 0, outcome: 'deployed', generation: 1 });
    expect(host.read('data/migrated')).toBe('one canary-token\n');
    bench.playbook({ tasks: [...TASKS, step('echo "no such table"; exit 5')] });
    const second = await bench.fleet('deploy', '--all');
    expect(end(second)).toMatchObject({
      ...{ code: 1, outcome: 'reverted', generation: 1 },
      failure: { kind: 'before-start', why: 'failed', status: 5, log: ['no such table'] },
    });
    expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
  },
);

it('puts a generation right again that somebody has changed by hand', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  await bench.fleet('deploy', '--all');
  rmSync(join(host.root, '.env'));
  writeFileSync(join(host.root, '.env'), 'TOKEN=other\n');
  const run = await bench.fleet('deploy', '--all');
  expect(planOf(run)).toMatchObject({ to: 'reactivate' });
  expect(end(run)).toMatchObject({ code: 0, outcome: 'deployed', generation: 1 });
  expect(host.read('.env')).toContain('canary-token');
});
