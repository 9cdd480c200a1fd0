import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import type { Delivery } from '../../src/model/notice.ts';
import { acknowledge, pause } from '../../src/monitor/orders.ts';
import { batchFor, delivered, enqueue, STDOUT } from '../../src/monitor/outbox.ts';
import { isQuiet } from '../../src/monitor/quiet.ts';
import { keyOf, type MonitorState } from '../../src/monitor/state.ts';
import { HOUR, MINUTE, NOON, pathOf, simulate, type World } from './simulate.ts';

// Whatever happens in whatever order, with hosts that go away, deploys, pauses and checks that leave.

const RUNS = 30;
/** Enough for whatever comes and goes to count as settled. */
const TAIL = 24;

const letters = (from: readonly string[]) =>
  fc.array(fc.constantFrom(...from), { minLength: RUNS, maxLength: RUNS }).map((all) => all.join(''));

const CHECK = letters(['o', 'o', 'o', 'w', 'c', 'c', 'e', '-']);
const HOST = letters(['.', '.', '.', '.', '.', '.', 'n', 'l', 'a', 'r', 't', 'd', 'z']);

const run = fc.integer({ min: 0, max: RUNS - 12 }).map(String);

const scenario = fc.record({
  ...{ web1: HOST, web2: HOST, 'web1/app/http': CHECK, 'web1/app/tcp': CHECK, 'web2/app/http': CHECK },
  last: fc.constantFrom('o', 'w', 'c'),
  recoverAfter: fc.integer({ min: 1, max: 3 }),
  runs: fc.integer({ min: 1, max: 3 }),
  everyMs: fc.constantFrom(MINUTE, 5 * MINUTE, 50 * MINUTE, 5 * HOUR),
  /** Somebody says that all that is bad is known, for so many runs or until it is over. */
  acks: fc.dictionary(run, fc.constantFrom(null, 2, 8), { maxKeys: 3 }),
  /** Hours that are kept free, by the clock of a zone. */
  windows: fc.array(
    fc.record({
      hosts: fc.constantFrom([], ['web1'], ['web2']),
      apps: fc.constantFrom([], ['app']),
      days: fc.constant([]),
      from: fc.integer({ min: 0, max: 1439 }),
      to: fc.integer({ min: 0, max: 1439 }),
      zone: fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Kolkata'),
    }),
    { maxLength: 2 },
  ),
  /** Web2 is reached over web1, or over a host that is passed through only. */
  jump: fc.constantFrom(null, 'web1', 'bastion'),
  /** From a run on the clock on the wall is so far off what it was. */
  clock: fc.record({
    from: fc.integer({ min: 1, max: RUNS }),
    by: fc.constantFrom(0, 0, 7 * HOUR, -9 * HOUR, 30 * 24 * HOUR),
  }),
  pauses: fc.dictionary(
    run,
    fc.record({ host: fc.constantFrom('web1', 'web2', null), runs: fc.integer({ min: 1, max: 10 }) }),
    { maxKeys: 3 },
  ),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Runs at the end in which all stays as it is; windows and acknowledgements are over by then, or as they were at the beginning. */
function played({ last, recoverAfter, runs, everyMs, pauses, acks, windows, jump, clock, ...script }: Scenario) {
  const tail = Object.entries(script).map(([path, text]) => [
    path,
    text + (path.includes('/') ? last : '.').repeat(TAIL),
  ]);
  const offAt = (at: number) => (at >= clock.from ? clock.by : 0);
  const pausing = (state: MonitorState, at: number, order: (typeof pauses)[string]) =>
    pause(state, {
      ...{ host: order.host, app: order.host === null ? 'app' : null, since: at, until: at + order.runs * everyMs },
      ...{ by: 'a', reason: '' },
    }).state;
  const acking = (state: MonitorState, at: number, long: number | null) =>
    Object.values(state.subjects).reduce((known, { problem }) => {
      const until = long === null ? null : at + long * everyMs;
      return (problem && acknowledge(known, problem.id, { by: 'a', at, until })?.state) ?? known;
    }, state);
  const before = Object.fromEntries(
    [...new Set([...Object.keys(pauses), ...Object.keys(acks)])].map((number) => [
      number,
      (state: MonitorState, at: number) => {
        const order = pauses[number];
        const paused = order === undefined ? state : pausing(state, at, order);
        return number in acks ? acking(paused, at, acks[number] ?? null) : paused;
      },
    ]),
  );
  const world: World = {
    ...{ recoverAfter, confirm: { runs, of: 3 }, everyMs, before, windows, clockOff: offAt },
    jumps: jump === null ? {} : { web2: [jump] },
  };
  const atOf = (number: number) => NOON + number * everyMs + offAt(number);
  return { ...simulate(Object.fromEntries(tail), world), everyMs, windows, atOf };
}

/** After which time something is told again that nothing has happened to: the first, the second and every later time. */
const dueAfter = (reminders: number) => [HOUR, 3 * HOUR][reminders] ?? 24 * HOUR;

/** What a reader of some channel takes each subject for: `ok` where nothing was ever said. */
class Reader {
  readonly believes = new Map<string, 'ok' | 'warning' | 'critical' | 'flapping'>();
  private readonly heard = new Map<
    string,
    { readonly now: number; readonly reminders: number; readonly detail: string }
  >();

  /** @param now the time that has passed; null where some messages were folded into one
   * @throws where a message makes no sense to somebody who has all those before */
  hear({ kind, severity, subject, about }: Alert, now: number | null): void {
    const path = pathOf(subject);
    const before = this.believes.get(path) ?? 'ok';
    const last = this.heard.get(path) ?? { now: 0, reminders: 0, detail: '' };
    const detail = 'detail' in about ? about.detail : '';
    const folded = now === null;
    const makesSense = {
      problem: before === 'ok',
      // It has become better or worse, or has happened again.
      changed: before !== 'ok' && (before !== severity || detail !== last.detail || folded),
      recovered: before !== 'ok' || about.what === 'was-down',
      reminder: before === severity && (folded || now - last.now >= dueAfter(last.reminders)),
      flapping: before !== 'flapping',
      settled: before === 'flapping' || folded,
      unwatched: before !== 'ok' || folded,
      gap: true,
      deploy: true,
      info: true,
    }[kind];
    if (!makesSense) throw new Error(`${kind} ${severity} of ${path}, which was ${before}`);
    this.heard.set(path, { now: now ?? 0, reminders: kind === 'reminder' ? last.reminders + 1 : 0, detail });
    if (kind === 'flapping') this.believes.set(path, 'flapping');
    else if (kind === 'recovered' || kind === 'unwatched' || severity === 'ok') this.believes.delete(path);
    else if (severity !== 'info' && !(before === 'flapping' && kind === 'changed')) this.believes.set(path, severity);
  }

  /** Whether it is time to be told again of something that goes on. */
  isDue(path: string, now: number): boolean {
    const last = this.heard.get(path);
    return last !== undefined && now - last.now >= dueAfter(last.reminders);
  }
}

const LEVELS = { ok: undefined, warn: 'warning', crit: 'critical' } as const;

/** Enough to come upon each pair of what may happen. */
const SOME = { numRuns: 200 };

/** For what is asked thousands of times. */
function must<T>(is: T, wanted: T, what: string): void {
  if (is !== wanted) throw new Error(`${what}: ${is}, and not ${wanted}`);
}

describe('whatever happens', { timeout: 120_000 }, () => {
  it('nothing is told twice but for reminders that are due, all is known that is seen and not kept quiet, and nothing ends quiet', () => {
    fc.assert(
      fc.property(scenario, (all) => {
        const { told, begun, states, everyMs, windows, atOf } = played(all);
        const reader = new Reader();
        for (const [run, alerts] of told.entries()) {
          const [at, now] = [atOf(run), run * everyMs];
          for (const alert of alerts) reader.hear(alert, now);
          const set = run === 0 ? 0 : at - atOf(run - 1) - everyMs;
          for (const alert of alerts.filter(({ kind }) => kind === 'reminder')) {
            const key = keyOf(alert.subject);
            const [before, after] = [begun[run]?.subjects[key], states[run]?.subjects[key]];
            const ack = before?.level === after?.level ? before?.problem?.ack : undefined;
            const knows = ack && (ack.until === null || ack.until + set > at);
            must(knows ?? false, false, `whoever knows of ${pathOf(alert.subject)} in run ${run}`);
          }
          const { subjects = {}, pauses = [] } = states[run] ?? {};
          for (const { subject, level, seen, flapping, problem, ring } of Object.values(subjects)) {
            if (seen !== at || flapping !== null || isQuiet(subject, pauses, windows, at)) continue;
            const path = pathOf(subject);
            must(reader.believes.get(path), LEVELS[level], `${path} in run ${run}`);
            if (level === 'ok' || ring.endsWith('o') || problem?.ack !== null) continue;
            must(reader.isDue(path, now), false, `a reminder of ${path} is due in run ${run}`);
          }
        }
        const { subjects = {}, pauses = [] } = states.at(-1) ?? {};
        const want = { o: undefined, w: 'warning', c: 'critical' }[all.last];
        for (const { subject } of Object.values(subjects)) {
          if (isQuiet(subject, pauses, windows, atOf(RUNS + TAIL - 1))) continue;
          const isCheck = subject.check === 'http' || subject.check === 'tcp';
          must(reader.believes.get(pathOf(subject)), isCheck ? want : undefined, `${pathOf(subject)} at the end`);
        }
      }),
      SOME,
    );
  });

  it('and a reader who is told nothing would be found', () => {
    const { told, state } = simulate({ 'web1/app/http': 'oc' });
    expect(told.flat()).toHaveLength(1);
    const [subject] = Object.values(state.subjects).filter(({ level }) => level === 'crit');
    expect(new Reader().believes.get(subject === undefined ? '' : pathOf(subject.subject))).toBe(undefined);
    const reader = new Reader();
    for (const alert of told.flat()) reader.hear(alert, 0);
    expect(() => reader.hear(told.flat()[0] as Alert, 0)).toThrow(
      'problem critical of web1/app/http, which was critical',
    );
  });

  it('a channel that fails now and then knows all in the end', () => {
    const outcome = fc.constantFrom<Delivery>(
      { sent: true, answer: '200' },
      { sent: false, permanent: false, answer: '503', retryAfterMs: null },
    );
    fc.assert(
      fc.property(scenario, fc.array(outcome, { minLength: RUNS, maxLength: RUNS }), (all, outcomes) => {
        const reader = new Reader();
        // Only what is told matters here, and not when.
        const everyMs = 5 * MINUTE;
        const { last } = all;
        const { told } = played({ ...all, everyMs, windows: [], clock: { from: 1, by: 0 } });
        // The same alerts, laid in and sent run by run.
        let state = simulate({}).state;
        for (const [run, alerts] of told.entries()) {
          const at = NOON + run * everyMs;
          state = enqueue(state, alerts, ['chat'], at);
          const batch = batchFor(state, 'chat', at);
          if (batch === null) continue;
          const delivery = outcomes[run] ?? { sent: true, answer: '200' };
          if (delivery.sent) for (const alert of batch.alerts) reader.hear(alert, null);
          state = delivered(state, 'chat', batch, delivery, ['chat', STDOUT], at);
        }
        const want = { o: undefined, w: 'warning', c: 'critical' }[last];
        expect(state.channels.chat?.pending).toEqual([]);
        for (const path of ['web1/app/http', 'web1/app/tcp', 'web2/app/http'])
          expect(reader.believes.get(path), path).toBe(want);
      }),
      SOME,
    );
  });
});
