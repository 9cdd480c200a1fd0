import { describe, expect, it } from 'vitest';
import { runFleet } from '../../src/engine/fleet/fleet.ts';
import { inTurn } from '../../src/engine/fleet/schedule.ts';
import { generationId, hostName } from '../../src/model/ids.ts';
import type { Failure, HostOutcome } from '../../src/model/outcome.ts';
import type { DeployPolicy, HostTarget } from '../../src/model/target.ts';

const one = (app: string, host: string, exclusiveOwned: readonly string[] = []) => ({ app, host, exclusiveOwned });
const names = (groups: readonly (readonly { app: string; host: string }[])[]) =>
  groups.map((group) => group.map(({ app, host }) => `${app}/${host}`).join(' '));

describe('the groups of a run', () => {
  it('are one per app, in the order of the apps, where nobody holds anything', () => {
    expect(names(inTurn([one('x', 'a'), one('y', 'a'), one('x', 'b')]))).toEqual(['x/a x/b', 'y/a']);
  });

  it('have the holders of exclusive names last, of whatever app', () => {
    const targets = [one('x', 'a', ['n']), one('x', 'b'), one('y', 'a'), one('y', 'c', ['m'])];
    expect(names(inTurn(targets))).toEqual(['x/b', 'y/a', 'x/a', 'y/c']);
  });
});

const because = (kind: 'unreachable' | 'needs-repair'): Failure => ({ kind, detail: '' });
const at = generationId(1);
const policy: DeployPolicy = {
  ...{
    batch: 10,
    canary: 0,
    waves: false,
    onFailure: 'continue',
    settleMs: 0,
    deadlineMs: 0,
    confirm: 'per-host',
    restart: 'changed',
    watch: null,
  },
};

/** Runs three hosts of which `new` holds the name, and says who began in which order and how `new` ended. */
async function run(old: HostOutcome, more: Partial<DeployPolicy> = {}, kind: 'changes' | 'reads' = 'changes') {
  const begun: string[] = [];
  const target = (host: string, exclusiveOwned: readonly string[], exclusiveReleased: readonly string[]) =>
    ({
      app: 'x',
      host: hostName(host),
      policy: { ...policy, ...more },
      exclusiveOwned,
      exclusiveReleased,
      tasks: [],
    }) as unknown as HostTarget;
  const targets = [target('new', ['n'], []), target('old', [], ['n']), target('other', [], [])];
  const ends = await runFleet(
    targets,
    async ({ host }) => {
      begun.push(`${host} begins`);
      await new Promise((resolve) => setTimeout(resolve, 1));
      begun.push(`${host} ends`);
      return host === 'old' ? old : { end: 'deployed', generation: at };
    },
    {
      ...{ signal: new AbortController().signal, now: () => 0, report: () => {}, by: '', newId: () => '' },
      ...{ localRsync: false, parallel: 10, kind },
      connect: () => () => Promise.reject(new Error('no host is contacted here')),
    },
  );
  return { begun, last: ends.find(({ host }) => host === 'new')?.outcome };
}

describe('who holds an exclusive name', () => {
  it.each([{}, { confirm: 'together' as const }])('begins when all others are done: %j', async (more) => {
    const { begun, last } = await run({ end: 'deployed', generation: at }, more);
    expect(begun.slice(-2)).toEqual(['new begins', 'new ends']);
    expect(last).toMatchObject({ end: 'deployed' });
  });

  it.each<HostOutcome>([
    { end: 'reverted', failure: because('needs-repair'), generation: at },
    { end: 'stuck', failure: because('needs-repair'), revert: because('needs-repair') },
    { end: 'unknown', failure: because('needs-repair') },
    { end: 'untouched', failure: because('needs-repair') },
  ])('does not begin when the one who had it ends $end, though onFailure says continue', async (old) => {
    const { begun, last } = await run(old);
    expect(begun).not.toContain('new begins');
    expect(last).toEqual({
      end: 'untouched',
      failure: {
        kind: 'skipped',
        why: 'it is to take over n, and old did not end as wanted and may still run it',
      },
    });
  });

  it.each<HostOutcome>([
    { end: 'unchanged', generation: at },
    { end: 'untouched', failure: because('unreachable') },
  ])('takes over from a host that ends $end', async (old) => {
    expect((await run(old)).last).toMatchObject({ end: 'deployed' });
  });

  it('is looked at with all the others', async () => {
    const { begun } = await run({ end: 'untouched', failure: because('needs-repair') }, {}, 'reads');
    expect(begun.slice(0, 3)).toEqual(['new begins', 'old begins', 'other begins']);
  });
});
