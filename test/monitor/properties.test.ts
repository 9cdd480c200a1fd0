import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import type { Delivery } from '../../src/model/notice.ts';
import { pause } from '../../src/monitor/orders.ts';
import { batchFor, delivered, enqueue, STDOUT } from '../../src/monitor/outbox.ts';
import { isQuiet } from '../../src/monitor/quiet.ts';
import type { MonitorState } from '../../src/monitor/state.ts';
import { HOUR, MINUTE, NOON, pathOf, simulate, type World } from './simulate.ts';

// Whatever happens in whatever order, with hosts that go away, deploys, pauses and checks that leave.

const RUNS = 30;
/** Enough for whatever comes and goes to count as settled. */
const TAIL = 24;

const letters = (from: readonly string[]) =>
  fc.array(fc.constantFrom(...from), { minLength: RUNS, maxLength: RUNS }).map((all) => all.join(''));

const CHECK = letters(['o', 'o', 'o', 'w', 'c', 'c', '-']);
const HOST = letters(['.', '.', '.', '.', '.', '.', 'n', 'l', 'a', 'r', 't', 'd', 'z']);

const scenario = fc.record({
  ...{ web1: HOST, web2: HOST, 'web1/app/http': CHECK, 'web1/app/tcp': CHECK, 'web2/app/http': CHECK },
  last: fc.constantFrom('o', 'w', 'c'),
  recoverAfter: fc.integer({ min: 1, max: 3 }),
  runs: fc.integer({ min: 1, max: 3 }),
  everyMs: fc.constantFrom(MINUTE, 5 * MINUTE, 50 * MINUTE, 5 * HOUR),
  pauses: fc.dictionary(
    fc.integer({ min: 0, max: RUNS - 12 }).map(String),
    fc.record({ host: fc.constantFrom('web1', 'web2', null), runs: fc.integer({ min: 1, max: 10 }) }),
    { maxKeys: 3 },
  ),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

function played({ last, recoverAfter, runs, everyMs, pauses, ...script }: Scenario) {
  const tail = Object.entries(script).map(([path, text]) => [
    path,
    text + (path.includes('/') ? last : '.').repeat(TAIL),
  ]);
  const before = Object.fromEntries(
    Object.entries(pauses).map(([run, { host, runs: long }]) => [
      run,
      (state: MonitorState, at: number) =>
        pause(state, {
          host,
          app: host === null ? 'app' : null,
          since: at,
          until: at + long * everyMs,
          by: 'a',
          reason: '',
        }).state,
    ]),
  );
  const world: World = { recoverAfter, confirm: { runs, of: 3 }, everyMs, before };
  return { ...simulate(Object.fromEntries(tail), world), everyMs };
}

/** What a reader of some channel takes each subject for: `ok` where nothing was ever said. */
class Reader {
  readonly believes = new Map<string, 'ok' | 'warning' | 'critical' | 'flapping'>();
  private readonly heard = new Map<string, number>();

  /** @param soonest milliseconds between reminders; 0 where some messages were folded into one
   * @throws where a message makes no sense to somebody who has all those before */
  hear({ kind, severity, subject, at, about }: Alert, soonest = HOUR): void {
    const path = pathOf(subject);
    const before = this.believes.get(path) ?? 'ok';
    const makesSense = {
      problem: before === 'ok',
      changed: before !== 'ok' && before !== 'flapping' && (before !== severity || soonest === 0),
      recovered: before !== 'ok' || about.what === 'was-down',
      reminder: before === severity && at - (this.heard.get(path) ?? at) >= soonest,
      flapping: before !== 'flapping',
      settled: before === 'flapping' || soonest === 0,
      unwatched: before !== 'ok' || soonest === 0,
      gap: true,
      deploy: true,
      info: true,
    }[kind];
    if (!makesSense) throw new Error(`${kind} ${severity} of ${path}, which was ${before}`);
    this.heard.set(path, at);
    if (kind === 'flapping') this.believes.set(path, 'flapping');
    else if (kind === 'recovered' || kind === 'unwatched' || severity === 'ok') this.believes.delete(path);
    else if (severity !== 'info') this.believes.set(path, severity);
  }
}

const LEVELS = { ok: undefined, warn: 'warning', crit: 'critical' } as const;

describe('whatever happens', { timeout: 60_000 }, () => {
  it('nothing is told twice, but for reminders that are due', () => {
    fc.assert(
      fc.property(scenario, (all) => {
        const reader = new Reader();
        for (const alerts of played(all).told) for (const alert of alerts) reader.hear(alert);
      }),
      { numRuns: 50 },
    );
  });

  it('who reads all of it knows how each thing is that is seen and not kept quiet', () => {
    fc.assert(
      fc.property(scenario, (all) => {
        const { told, states, everyMs } = played(all);
        const reader = new Reader();
        for (const [run, alerts] of told.entries()) {
          for (const alert of alerts) reader.hear(alert);
          const at = NOON + run * everyMs;
          const { subjects = {}, pauses = [] } = states[run] ?? {};
          for (const { subject, level, seen, flapping } of Object.values(subjects)) {
            if (seen !== at || flapping !== null || isQuiet(subject, pauses, [], at)) continue;
            expect(reader.believes.get(pathOf(subject)), `${pathOf(subject)} in run ${run}`).toBe(LEVELS[level]);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('what stays as it is is known at the end: nothing ends quiet', () => {
    fc.assert(
      fc.property(scenario, (all) => {
        const reader = new Reader();
        for (const alerts of played(all).told) for (const alert of alerts) reader.hear(alert);
        const want = { o: undefined, w: 'warning', c: 'critical' }[all.last];
        for (const path of ['web1/app/http', 'web1/app/tcp', 'web2/app/http'])
          expect(reader.believes.get(path), path).toBe(want);
        expect([...reader.believes.keys()].filter((path) => path.split('/').length < 3)).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });

  it('and a reader who is told nothing would be found', () => {
    const { told, state } = simulate({ 'web1/app/http': 'oc' });
    expect(told.flat()).toHaveLength(1);
    const [subject] = Object.values(state.subjects).filter(({ level }) => level === 'crit');
    expect(new Reader().believes.get(subject === undefined ? '' : pathOf(subject.subject))).toBe(undefined);
    const reader = new Reader();
    for (const alert of told.flat()) reader.hear(alert);
    expect(() => reader.hear(told.flat()[0] as Alert)).toThrow('problem critical of web1/app/http, which was critical');
  });

  it('a channel that fails now and then knows all in the end', () => {
    const outcome = fc.constantFrom<Delivery>(
      { sent: true, answer: '200' },
      { sent: false, permanent: false, answer: '503', retryAfterMs: null },
    );
    fc.assert(
      fc.property(scenario, fc.array(outcome, { minLength: RUNS, maxLength: RUNS }), (all, outcomes) => {
        const reader = new Reader();
        const { last, everyMs, ...rest } = { ...all, everyMs: 5 * MINUTE };
        const { told } = played({ ...rest, last, everyMs });
        // The same alerts, laid in and sent run by run.
        let state = simulate({}).state;
        for (const [run, alerts] of told.entries()) {
          const at = NOON + run * everyMs;
          state = enqueue(state, alerts, ['chat'], at);
          const batch = batchFor(state, 'chat', at);
          if (batch === null) continue;
          const delivery = outcomes[run] ?? { sent: true, answer: '200' };
          if (delivery.sent) for (const alert of batch.alerts) reader.hear(alert, 0);
          state = delivered(state, 'chat', batch, delivery, ['chat', STDOUT], at);
        }
        const want = { o: undefined, w: 'warning', c: 'critical' }[last];
        expect(state.channels.chat?.pending).toEqual([]);
        for (const path of ['web1/app/http', 'web1/app/tcp', 'web2/app/http'])
          expect(reader.believes.get(path), path).toBe(want);
      }),
      { numRuns: 50 },
    );
  });
});
