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
