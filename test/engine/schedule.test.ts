import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { barrier } from '../../src/engine/fleet/barrier.ts';
import { runFleet } from '../../src/engine/fleet/fleet.ts';
import { endedWell, inPlace, mayBegin, stopsOthers } from '../../src/engine/fleet/schedule.ts';
import { generationId, hostName } from '../../src/model/ids.ts';
import type { Failure, HostOutcome } from '../../src/model/outcome.ts';
import type { DeployPolicy, HostTarget } from '../../src/model/target.ts';
import { slots } from '../../src/util/slots.ts';

type Pace = Pick<DeployPolicy, 'batch' | 'canary' | 'waves'>;
const pace = (batch: number, canary = 0, waves = false): Pace => ({ batch, canary, waves });

describe('how many hosts may begin', () => {
  it.each<[string, Pace, number, { waiting: number; running: number; proven: number }, number]>([
    ['a batch', pace(2), 10, { waiting: 5, running: 0, proven: 0 }, 2],
    ['one for the place that became free', pace(2), 10, { waiting: 3, running: 1, proven: 1 }, 1],
    ['none where no place is free', pace(2), 10, { waiting: 3, running: 2, proven: 0 }, 0],
    ['no more than --parallel', pace(10), 3, { waiting: 5, running: 1, proven: 0 }, 2],
    ['no more than there are', pace(10), 10, { waiting: 2, running: 1, proven: 0 }, 2],
    [
      'in waves none before the last of a batch has ended',
      pace(2, 0, true),
      10,
      { waiting: 3, running: 1, proven: 1 },
      0,
    ],
    ['in waves a batch then', pace(2, 0, true), 10, { waiting: 3, running: 0, proven: 2 }, 2],
    ['the canary alone', pace(2, 1), 10, { waiting: 5, running: 0, proven: 0 }, 1],
    ['none beside the canary', pace(2, 1), 10, { waiting: 4, running: 1, proven: 0 }, 0],
    ['another canary where one proved nothing', pace(9, 2), 10, { waiting: 3, running: 0, proven: 1 }, 1],
    ['another one beside the canary that is at work', pace(9, 2), 10, { waiting: 3, running: 1, proven: 0 }, 1],
    ['a batch once the canaries are proven', pace(2, 2), 10, { waiting: 3, running: 0, proven: 2 }, 2],
    ['all but one where there are more canaries than hosts', pace(9, 9), 10, { waiting: 5, running: 0, proven: 0 }, 4],
    ['not the last one while a canary is at work', pace(9, 9), 10, { waiting: 1, running: 1, proven: 3 }, 0],
    ['the last one, whatever was proven', pace(1, 3), 1, { waiting: 1, running: 0, proven: 0 }, 1],
    ['canaries within --parallel', pace(9, 5), 2, { waiting: 9, running: 1, proven: 0 }, 1],
  ])('%s', (_name, policy, parallel, now, expected) => {
    expect(mayBegin(policy, parallel, now)).toBe(expected);
  });
});

const because: Failure = { kind: 'unreachable', detail: '' };
const at = generationId(1);
const OUTCOMES: readonly HostOutcome[] = [
  { end: 'deployed', generation: at },
  { end: 'deployed', generation: at },
  { end: 'unchanged', generation: at },
  { end: 'untouched', failure: because },
  { end: 'reverted', failure: because, generation: at },
];

type Step = { readonly does: 'begins' | 'ends'; readonly host: string; readonly outcome?: HostOutcome };

/** Runs hosts that end in the order and in the way that `ends` says, and tells what happened. */
async function rollOut(
  hosts: number,
  policy: Partial<DeployPolicy>,
  parallel: number,
  ends: readonly [number, number][],
  exclusiveOwned: readonly string[] = [],
) {
  const whole = { ...pace(10), onFailure: 'continue', settleMs: 0, deadlineMs: 0, confirm: 'per-host', ...policy };
  const targets = Array.from(
    { length: hosts },
    (_, i) =>
      ({
        ...{ app: 'x', host: hostName(`h${i}`), policy: whole, tasks: [] },
        ...{ exclusiveOwned, exclusiveReleased: [], uploadUser: null },
      }) as unknown as HostTarget,
  );
  const story: Step[] = [];
  const atWork: { host: string; end: (outcome: HostOutcome) => void }[] = [];
  const done = runFleet(
    targets,
    ({ host }) => {
      story.push({ does: 'begins', host });
      return new Promise((end) => atWork.push({ host, end }));
    },
    {
      ...{ signal: new AbortController().signal, now: () => 0, report: () => {}, by: '', newId: () => '' },
      ...{ localRsync: false, parallel, kind: 'changes' },
      connect: () => () => Promise.reject(new Error('no host is contacted here')),
    },
  );
  for (let i = 0; ; i += 1) {
    await new Promise(setImmediate);
    const [which = 0, how = 0] = ends[i % ends.length] ?? [];
    const [one] = atWork.splice(which % Math.max(1, atWork.length), 1);
    if (one === undefined) break;
    const outcome = OUTCOMES[how % OUTCOMES.length] as HostOutcome;
    story.push({ does: 'ends', host: one.host, outcome });
    one.end(outcome);
  }
  return { story, ends: await done, names: targets.map(({ host }) => host) };
}

describe('a rollout, however its hosts end', () => {
  const cases = fc.record({
    hosts: fc.integer({ min: 1, max: 12 }),
    parallel: fc.integer({ min: 1, max: 12 }),
    batch: fc.integer({ min: 1, max: 12 }),
    canary: fc.integer({ min: 0, max: 4 }),
    waves: fc.boolean(),
    onFailure: fc.constantFrom('stop' as const, 'continue' as const),
    ends: fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { minLength: 1, maxLength: 12 }),
  });

  it('keeps what the playbook says', async () => {
    const seen = { stopped: 0, waited: 0, rolled: 0 };
    await fc.assert(
      fc.asyncProperty(cases, async ({ hosts, parallel, ends, ...policy }) => {
        const run = await rollOut(hosts, policy, parallel, ends);
        expect(run.ends.map(({ host }) => host)).toEqual(run.names);
        let [running, proven, stopped, ended] = [0, 0, false, 0];
        let round: 'begins' | 'ends' = 'ends';
        for (const { does, outcome } of run.story) {
          if (does === 'begins') {
            expect(stopped).toBe(false);
            const last = ended === hosts - 1;
            const isCanary = proven < policy.canary && !last;
            running += 1;
            expect(running).toBeLessThanOrEqual(parallel);
            if (isCanary) expect(running + proven).toBeLessThanOrEqual(policy.canary);
            else expect(running).toBeLessThanOrEqual(policy.batch);
            if (policy.waves && round === 'ends') expect(running).toBe(1);
            if (!policy.waves && round === 'ends' && running > 1) seen.rolled += 1;
          } else {
            running -= 1;
            ended += 1;
            if (outcome && endedWell(outcome)) proven += 1;
            if (policy.onFailure === 'stop' && outcome && stopsOthers(outcome)) stopped = true;
          }
          round = does;
        }
        const begun = run.story.filter(({ does }) => does === 'begins').map(({ host }) => host);
        expect(begun).toEqual(run.names.slice(0, begun.length));
        const skipped = run.ends.filter(
          ({ outcome }) => outcome.end === 'untouched' && outcome.failure.kind === 'skipped',
        );
        expect(skipped).toHaveLength(hosts - begun.length);
        if (!stopped) expect(skipped).toEqual([]);
        if (skipped.length > 0) seen.stopped += 1;
        if (policy.waves) seen.waited += 1;
      }),
      { numRuns: 300 },
    );
    // Each of the rules was put to the test.
    for (const times of Object.values(seen)) expect(times).toBeGreaterThan(10);
  });

  it('does not wait for a slow host, unless the playbook wants waves', async () => {
    // The first host of all ends last.
    const order = async (waves: boolean, owned: readonly string[] = []) => {
      const { story } = await rollOut(4, { batch: 2, waves }, 10, [[1, 0]], owned);
      return story.map(({ does, host }) => `${host} ${does}`).join(', ');
    };
    expect(await order(false)).toBe('h0 begins, h1 begins, h1 ends, h2 begins, h2 ends, h3 begins, h3 ends, h0 ends');
    expect(await order(true)).toBe('h0 begins, h1 begins, h1 ends, h0 ends, h2 begins, h3 begins, h3 ends, h2 ends');
    // Those that hold an exclusive name may have to give another one up.
    expect(await order(false, ['poller'])).toBe(await order(true));
  });
});

describe('the barrier of confirm: together', () => {
  it('lets all pass when all have come', async () => {
    const join = barrier(3);
    const [a, b, c] = [join(), join(), join()];
    const first = a.arrive();
    c.leave(true);
    expect(await Promise.race([first, Promise.resolve('waits')])).toBe('waits');
    expect(await Promise.all([first, b.arrive()])).toEqual([true, true]);
  });

  it('lets none pass when one fails, neither before nor after it', async () => {
    const join = barrier(3);
    const [a, b, c] = [join(), join(), join()];
    const first = a.arrive();
    b.leave(false);
    expect(await first).toBe(false);
    expect(await c.arrive()).toBe(false);
  });

  it('fails for all when one cannot wait any longer, also for those who come later', async () => {
    const join = barrier(3);
    const [a, b, c] = [join(), join(), join()];
    const patient = b.arrive();
    expect(await a.arrive(20)).toBe(false);
    expect(await patient).toBe(false);
    expect(await c.arrive()).toBe(false);
  });

  it('does not hear a host that has already passed', async () => {
    const join = barrier(2);
    const [a, b] = [join(), join()];
    const both = Promise.all([a.arrive(), b.arrive()]);
    expect(await both).toEqual([true, true]);
    a.leave(false);
  });
});

describe('a place that its work leaves for a while', () => {
  it('is one place, however much of the work waits aside at once, and is waited for again', async () => {
    const places = slots(1);
    const gate = () => {
      let open = () => {};
      const opened = new Promise<void>((resolve) => {
        open = resolve;
      });
      return { open: () => open(), opened };
    };
    const [over, free] = [gate(), gate()];
    const said: string[] = [];
    let inside = 0;
    let most = 0;
    const first = inPlace(places, (aside) =>
      Promise.all(
        ['a', 'b', 'c'].map(async (name) => {
          await aside(() => over.opened);
          said.push(name);
        }),
      ),
    );
    const others = ['d', 'e', 'f'].map((name) =>
      inPlace(places, async () => {
        inside += 1;
        most = Math.max(most, inside);
        over.open();
        await free.opened;
        inside -= 1;
        said.push(name);
      }),
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect([inside, said]).toEqual([1, []]);
    free.open();
    await Promise.all([first, ...others]);
    expect(most).toBe(1);
    expect([...said].sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    // None is lost.
    await inPlace(places, async () => {});
  });
});
