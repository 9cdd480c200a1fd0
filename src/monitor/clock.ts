import type { Moment, MonitorState } from './state.ts';

/** What a clock that is kept right by small steps may be off between two runs. */
const DRIFT = 60_000;

/**
 * The state as it is when somebody has set this machine's clock since the last run: all its times go along, so that what
 * was an hour ago is an hour ago. Across a start of the machine only a clock that went backwards is noticed.
 */
export function atThisTime(state: MonitorState, now: Moment): MonitorState {
  const { last } = state;
  if (last === null) return state;
  const expected = last.boot === now.boot ? last.at + Math.max(0, now.upMs - last.upMs) : Math.min(last.at, now.at);
  const by = last.boot === now.boot ? now.at - expected : Math.min(0, now.at - last.at);
  return Math.abs(by) < DRIFT ? state : moved(state, by);
}

function moved(state: MonitorState, by: number): MonitorState {
  const to = <T extends number | null>(time: T): T => (time === null ? time : ((time + by) as T));
  return {
    ...state,
    last: state.last && { ...state.last, at: to(state.last.at) },
    subjects: Object.fromEntries(
      Object.entries(state.subjects).map(([key, one]) => [
        key,
        {
          ...one,
          ...{ since: to(one.since), seen: to(one.seen), flapping: to(one.flapping), changes: one.changes.map(to) },
          verdict: one.verdict ? { ...one.verdict, at: to(one.verdict.at) } : null,
          good: one.good && { ...one.good, at: to(one.good.at) },
          problem: one.problem && {
            ...one.problem,
            ...{ since: to(one.problem.since), toldAt: to(one.problem.toldAt) },
            ack: one.problem.ack && {
              ...one.problem.ack,
              at: to(one.problem.ack.at),
              until: to(one.problem.ack.until),
            },
          },
        },
      ]),
    ),
    readings: Object.fromEntries(
      Object.entries(state.readings).map(([place, values]) => [
        place,
        Object.fromEntries(Object.entries(values).map(([name, [value, at]]) => [name, [value, to(at)]])),
      ]),
    ),
    trends: Object.fromEntries(
      Object.entries(state.trends).map(([key, one]) => [
        key,
        { ...one, points: one.points.map(([at, value]) => [to(at), value] as const) },
      ]),
    ),
    pauses: state.pauses.map((one) => ({ ...one, since: to(one.since), until: to(one.until) })),
    pings: mapped(state.pings, (one) => ({ ...one, since: to(one.since) })),
    notes: mapped(state.notes, to),
    channels: Object.fromEntries(
      Object.entries(state.channels).map(([name, one]) => [
        name,
        {
          ...one,
          retryAt: to(one.retryAt),
          pending: one.pending.map((item) => ({ ...item, queued: to(item.queued) })),
        },
      ]),
    ),
  };
}

const mapped = <T>(all: Readonly<Record<string, T>>, map: (one: T) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(Object.entries(all).map(([key, one]) => [key, map(one)]));
