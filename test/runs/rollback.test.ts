import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { end, openBench, STORY, TASKS } from './bench.ts';

it(
  'goes back to what the active generation was built on, to a named one, and says when there is none',
  STORY,
  async () => {
    await using bench = await openBench('it');
    const { it: host } = bench.hosts;
    await bench.fleet('deploy', '--all');
    bench.write('app/VERSION', 'two\n');
    await bench.fleet('deploy', '--all');
    // It needs neither the code nor the secrets.
    bench.remove('app');
    bench.remove('secrets');
    expect(end(await bench.fleet('rollback', '--all'))).toMatchObject({
      code: 0,
      outcome: 'rolled-back',
      generation: 1,
    });
    expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
    const none = await bench.fleet('rollback', '--all');
    expect(end(none)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'no-target' } });
    expect(end(none).failure?.message).toContain('generation 1 is the first one');
    const named = await bench.fleet('rollback', '--all', '--to', '2');
    expect(end(named)).toMatchObject({ code: 0, outcome: 'rolled-back', generation: 2 });
    expect(await host.standing()).toEqual(['releases/2', 'two', 'IDLE']);
  },
);

it('asks before it deletes data, and takes the app away without them', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  await bench.fleet('deploy', '--all');
  const refused = await bench.human('rollback', '--full', '--all');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(`${host.root}/data with everything in it`);
  expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);

  const kept = await bench.fleet('rollback', '--full', '--keep-data', '--all');
  expect(end(kept)).toMatchObject({ code: 0, outcome: 'removed' });
  expect(host.processes()).toEqual([]);
  expect([host.read('data/serving'), host.read('.env')].every((text) => text !== null)).toBe(true);
  expect(existsSync(`${host.root}/releases`)).toBe(false);
  const again = await bench.fleet('rollback', '--full', '--all', '--yes');
  expect(end(again)).toMatchObject({ code: 0, outcome: 'removed' });
  expect(existsSync(host.root)).toBe(false);
});

it('takes away all that the app has made, when somebody agrees', STORY, async () => {
  await using bench = await openBench('it');
  const { it: host } = bench.hosts;
  bench.playbook({ tasks: [...TASKS, { directories: [{ path: 'extra', mode: '0750' }] }] });
  await bench.fleet('deploy', '--all');
  // The runtime that it has already.
  const nohup = await bench.fleet('rollback', '--nohup', '--all');
  expect(end(nohup)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'unsupported' } });
  expect(await host.standing()).toEqual(['releases/1', 'one', 'IDLE']);
  expect(existsSync(`${host.root}/extra`)).toBe(true);
  const run = await bench.fleet('rollback', '--full', '--all', '--yes');
  expect(end(run)).toMatchObject({ code: 0, outcome: 'removed' });
  expect([existsSync(host.root), host.processes()]).toEqual([false, []]);
});
