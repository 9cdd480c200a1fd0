import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { Run } from '../e2e/fleet.ts';
import { openBench, STORY } from './bench.ts';

const ends = (run: Run) => run.summary?.hosts.map(({ outcome, failure }) => [outcome, failure?.kind]);

/** Two hosts, on the first of which no version of the app stays up. */
async function oneRefuses(deploy: object) {
  const bench = await openBench('one', 'two');
  mkdirSync(`${bench.hosts.one.root}/data`, { recursive: true });
  writeFileSync(`${bench.hosts.one.root}/data/refuse`, '');
  bench.playbook({ deploy: { settle: '1ms', deadline: '5m', ...deploy } });
  return bench;
}

it('a canary that fails keeps the others from being contacted', STORY, async () => {
  await using bench = await oneRefuses({ canary: 1 });
  const run = await bench.fleet('deploy', '--all');
  expect({ code: run.code, ends: ends(run) }).toEqual({
    code: 1,
    ends: [
      ['reverted', 'not-settled'],
      ['untouched', 'skipped'],
    ],
  });
  expect(bench.hosts.two.line.connections).toBe(0);
});

it('hosts that are confirmed together go back together', STORY, async () => {
  await using bench = await oneRefuses({ confirm: 'together' });
  const run = await bench.fleet('deploy', '--all');
  expect({ code: run.code, ends: ends(run) }).toEqual({
    code: 1,
    ends: [
      ['reverted', 'not-settled'],
      ['reverted', 'skipped'],
    ],
  });
  expect(run.summary?.hosts[1]?.failure?.message).toContain('confirm: together');
  expect(await bench.hosts.two.standing()).toEqual([null, null, 'IDLE']);
});

it('a host that is down stops no other, and one that has it all is left alone', STORY, async () => {
  await using bench = await openBench('down', 'up');
  await bench.hosts.down.line.close();
  const run = await bench.fleet('deploy', '--all');
  expect({ code: run.code, ends: ends(run) }).toEqual({
    code: 3,
    ends: [
      ['untouched', 'unreachable'],
      ['deployed', undefined],
    ],
  });
  expect(await bench.hosts.up.standing()).toEqual(['releases/1', 'one', 'IDLE']);
  bench.playbook({ deploy: { settle: '1ms', deadline: '5m', confirm: 'together' } });
  const again = await bench.fleet('deploy', '--host', 'up');
  expect({ code: again.code, ends: ends(again) }).toEqual({ code: 0, ends: [['unchanged', undefined]] });
});

it('a run in shards goes to each host once, and one with nothing to do says so and ends well', STORY, async () => {
  await using bench = await openBench('one', 'two');
  const gone: string[][] = [];
  for (const shard of ['1/3', '2/3', '3/3']) {
    const run = await bench.fleet('deploy', '--all', '--shard', shard);
    expect(run.code).toBe(0);
    const hosts = run.summary?.hosts.map(({ host }) => host) ?? [];
    gone.push(hosts);
    if (hosts.length === 0) expect(run.stderr).toContain(`--shard ${shard} has no hosts, so nothing is done`);
    else expect(ends(run)).toEqual(hosts.map(() => ['deployed', undefined]));
  }
  expect(gone.flat().sort()).toEqual(['one', 'two']);
  const empty = `${gone.findIndex((hosts) => hosts.length === 0) + 1}/3`;
  const connections = () => bench.hosts.one.line.connections + bench.hosts.two.line.connections;
  const before = connections();
  for (const command of ['plan', 'health', 'rollback']) {
    const told = await bench.human(command, '--all', '--shard', empty);
    expect({ command, code: told.code, stdout: told.stdout.trim() }).toEqual({
      ...{ command, code: 0 },
      stdout: `${command}: no hosts`,
    });
    expect(told.stderr).toContain(`--shard ${empty} has no hosts`);
  }
  expect(connections()).toBe(before);
});

it('a shard that is none, or that could not keep what the playbook says, contacts nobody', STORY, async () => {
  await using bench = await openBench('one', 'two');
  bench.playbook({ deploy: { canary: 1 } });
  const refused = async (command: string, shard: string, words: string) => {
    const told = await bench.human(command, '--all', '--shard', shard);
    expect({ shard, code: told.code, stdout: told.stdout }).toEqual({ shard, code: 2, stdout: '' });
    expect(told.stderr).toContain(words);
  };
  for (const shard of ['0/3', '4/3']) await refused('status', shard, 'parts are counted from 1/3 to 3/3');
  for (const shard of ['a/b', '1/0', '2', '1/2/3', '-1/3'])
    await refused('deploy', shard, 'a part and the number of parts is expected, such as 2/4');
  for (const command of ['plan', 'deploy', 'rollback'])
    await refused(command, '1/3', 'with --shard no host could wait for the success of the canaries');
  expect((await bench.human('history', '--all', '--shard', '1/3')).code).toBe(2);
  expect(bench.hosts.one.line.connections + bench.hosts.two.line.connections).toBe(0);
});
