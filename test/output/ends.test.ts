import { describe, expect, test } from 'vitest';
import { generationId } from '../../src/model/ids.ts';
import type { Failure, HostOutcome } from '../../src/model/outcome.ts';
import { interrupted } from '../../src/output/tables/interrupted.ts';
import { mixedStates } from '../../src/output/tables/mixed-states.ts';
import { PLAIN } from '../../src/output/text/paint.ts';
import { Script } from './events.ts';
import { play } from './run.ts';

const at = generationId;
const gone: Failure = { kind: 'unreachable', detail: 'connection refused' };
const OUT = {
  deployed: (n: number): HostOutcome => ({ end: 'deployed', generation: at(n) }),
  back: (n: number): HostOutcome => ({ end: 'rolled-back', from: at(9), generation: at(n) }),
  reverted: (n: number): HostOutcome => ({ end: 'reverted', failure: gone, generation: at(n) }),
  untouched: { end: 'untouched', failure: gone },
  unchanged: { end: 'unchanged', generation: at(3) },
  removed: { end: 'removed' },
  cancelled: { end: 'untouched', failure: { kind: 'cancelled', phase: 'plan' } },
  takenBack: (n: number): HostOutcome => ({
    end: 'reverted',
    failure: { kind: 'cancelled', phase: 'settle' },
    generation: at(n),
  }),
  skipped: {
    end: 'untouched',
    failure: { kind: 'skipped', why: 'the run was interrupted before this host was started' },
  },
} as const;

const script = (...ends: readonly HostOutcome[]) => {
  const all = new Script();
  for (const [i, outcome] of ends.entries()) all.end('abcdefgh'.charAt(i), outcome, 10);
  return all;
};
const mixedLine = (...ends: readonly HostOutcome[]) => mixedStates(script(...ends).summary('deploy', 1));

describe('a fleet that is left in different states is named so', () => {
  test.each<[string, readonly HostOutcome[], string]>([
    [
      'one host was deployed and one was taken back',
      [OUT.deployed(3), OUT.reverted(2), OUT.deployed(3)],
      'the fleet is mixed: a and c at 3; b back at 2',
    ],
    ['one could not be reached', [OUT.deployed(3), OUT.untouched], 'the fleet is mixed: a at 3; b untouched'],
    ['a rollback led to different generations', [OUT.back(3), OUT.back(2)], 'the fleet is mixed: a at 3; b at 2'],
    ['a rollback removed one of them', [OUT.back(3), OUT.removed], 'the fleet is mixed: a at 3; b removed'],
    [
      'one needs a person, one could not be asked',
      [OUT.deployed(3), { end: 'stuck', failure: gone, revert: gone }, { end: 'unknown', failure: gone }],
      'the fleet is mixed: a at 3; b stuck; c unknown',
    ],
    [
      'a first deploy was taken back on one',
      [OUT.unchanged, OUT.reverted(0)],
      'the fleet is mixed: a at 3; b as before the first deploy',
    ],
  ])('when %s', (_when, ends, line) => {
    expect(mixedLine(...ends)).toEqual([line]);
  });

  test.each<[string, readonly HostOutcome[]]>([
    ['all hosts are where they were to go', [OUT.deployed(3), OUT.unchanged]],
    ['a deploy has other numbers on other hosts: each host counts for itself', [OUT.deployed(3), OUT.deployed(7)]],
    ['no host went anywhere', [OUT.reverted(2), OUT.untouched]],
    ['a rollback led all to the same generation', [OUT.back(2), OUT.back(2)]],
    ['hosts were only looked at', [{ end: 'healthy', generation: at(3), checks: [] }, OUT.untouched]],
  ])('and not when %s', (_when, ends) => {
    expect(mixedLine(...ends)).toEqual([]);
  });

  test('app by app, when there are several', () => {
    const apps = new Script()
      .end('a', OUT.deployed(3), 1, 'jarvis')
      .end('b', OUT.untouched, 1, 'jarvis')
      .end('a', OUT.deployed(1), 1, 'crawler');
    expect(mixedStates(apps.summary('deploy', 3))).toEqual(['the fleet is mixed in jarvis: a at 3; b untouched']);
  });
});

describe('after Ctrl-C the last lines say what to run next', () => {
  const ends = [OUT.deployed(3), OUT.takenBack(2), OUT.cancelled, OUT.skipped, OUT.skipped];

  test('which hosts were not started, which were taken back, and the command for those only', async () => {
    const { stdout } = await play(script(...ends), 'deploy', 130);
    expect(stdout.slice(stdout.indexOf('deploy: '))).toBe(
      [
        'deploy: 1 deployed, 1 reverted, 3 untouched',
        'the fleet is mixed: a at 3; b back at 2; c, d and e untouched',
        '',
        'interrupted',
        '  not started: d and e',
        '  stopped before anything was changed: c',
        '  taken back, generation 2 is active: b',
        '  -> to go on, with other options as before: fleet deploy --host b --host c --host d --host e --app jarvis',
        '',
      ].join('\n'),
    );
    // The interruption is told once, not again host by host.
    expect(stdout).not.toContain('x d and e');
  });

  test('a host that failed by itself is still told in full', async () => {
    const { stdout } = await play(script(...ends, OUT.reverted(2)), 'deploy', 130);
    expect(stdout).toContain('x f: reverted');
    expect(stdout).not.toMatch(/to go on.*--host f/);
  });

  test('the command is told app by app', () => {
    const apps = new Script().end('a', OUT.cancelled, 1, 'jarvis').end('a', OUT.skipped, 1, 'crawler');
    const lines = interrupted(apps.summary('rollback', 130), PLAIN, 200).filter((line) => line.includes('->'));
    expect(lines.map((line) => line.replace(/.*: /, ''))).toEqual([
      'fleet rollback --host a --app jarvis',
      'fleet rollback --host a --app crawler',
    ]);
  });

  test('also for who reads JSON, on standard error', async () => {
    const { stderr } = await play(script(...ends), 'deploy', 130, { mode: 'json' });
    expect(stderr).toContain('fleet deploy --host b --host c --host d --host e --app jarvis\n');
  });

  test('also when a stuck host took the exit code', () => {
    const stuck: HostOutcome = { end: 'stuck', failure: gone, revert: gone };
    expect(interrupted(script(stuck, OUT.cancelled).summary('deploy', 4), PLAIN, 80)).toContain('interrupted');
  });

  test('when every host had ended by then, that is said', () => {
    expect(interrupted(script(OUT.deployed(3)).summary('deploy', 130), PLAIN, 80)).toEqual([
      '',
      'interrupted; no host was left out by that',
    ]);
  });

  test('and a run that was not interrupted says nothing of it', () => {
    const stopped = { ...OUT.skipped, failure: { kind: 'skipped', why: 'an earlier host failed' } } as const;
    expect(interrupted(script(OUT.deployed(3), OUT.reverted(2), stopped).summary('deploy', 1), PLAIN, 80)).toEqual([]);
  });
});
