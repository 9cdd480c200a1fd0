import type { Alert } from '../model/alert.ts';
import type { AppLook } from '../model/look.ts';
import type { Subject } from '../model/notice.ts';
import type { Window } from '../model/window.ts';
import { atThisTime } from './clock.ts';
import { enqueue, expire, ofOurs } from './outbox.ts';
import { isQuiet } from './quiet.ts';
import { remembered } from './readings.ts';
import {
  type Closed,
  idsIn,
  keyOf,
  MOST_CLOSED,
  MOST_SUBJECTS,
  type Moment,
  type MonitorState,
  type SubjectState,
  unseenSubject,
} from './state.ts';
import { close, take } from './tell.ts';
import { observe, TRANSACTION } from './tree.ts';
import { trendsAfter } from './trend.ts';

export type MonitorConfig = {
  /** Every app on every host of the project, also those that this run does not look at. */
  readonly known: readonly { readonly host: string; readonly app: string; readonly jumps: readonly string[] }[];
  readonly windows: readonly Window[];
  /** Standard output among them. */
  readonly channels: readonly string[];
  /** Milliseconds from one run to the next; null where that is not known. */
  readonly everyMs: number | null;
};

/** One run: what it has seen, and so what is to be remembered and told. It looks at no clock and does nothing. */
export function step(
  before: MonitorState,
  looks: readonly AppLook[],
  config: MonitorConfig,
  now: Moment,
): { readonly state: MonitorState; readonly alerts: readonly Alert[] } {
  const { at } = now;
  const shifted = atThisTime(before, now);
  const state = { ...shifted, pauses: shifted.pauses.filter(({ until }) => until > at) };
  const quiet = (subject: Subject) => isQuiet(subject, state.pauses, config.windows, at);
  const taken = idsIn(state);
  const subjects = new Map(Object.entries(state.subjects));
  const alerts: Alert[] = [];
  const closed: Closed[] = [];
  const ended = ({ subject, problem, verdict = null }: SubjectState, until: number) => {
    if (problem === null) return;
    const { id, since, worst } = problem;
    closed.push({ id, subject, since, until, worst, verdict });
  };
  for (const look of observe(state, looks, quiet)) {
    const key = keyOf(look.subject);
    const known = subjects.get(key);
    if (known === undefined && subjects.size >= MOST_SUBJECTS) continue;
    const { after, alert } = take(known ?? unseenSubject(look.subject, at), look, quiet(look.subject), at, taken);
    if (after.problem !== null) taken.add(after.problem.id);
    else if (known !== undefined) ended(known, after.since);
    if (alert !== null) alerts.push(alert);
    subjects.set(key, after);
  }
  for (const [key, one] of subjects) {
    if (isWatched(one.subject, looks, config)) continue;
    const alert = close(one, at);
    if (alert !== null) alerts.push(alert);
    ended(one, at);
    subjects.delete(key);
  }
  const missed = gap(before.last === null ? null : (shifted.last?.at ?? null), config.everyMs, at);
  const due = [...missed, ...alerts];
  const expired = expire(state, config.channels, at);
  const after: MonitorState = {
    ...expired,
    last: now,
    subjects: Object.fromEntries(subjects),
    readings: remembered(state.readings, looks, config.known, at),
    trends: trendsAfter(state.trends, looks, config.known, at),
    closed: [...state.closed, ...closed].slice(-MOST_CLOSED),
  };
  return { state: enqueue(after, due, config.channels, at), alerts: due };
}

/** Whether it is still there to be looked at. Of what this run could not see all is taken for being there. */
function isWatched({ host, app, check }: Subject, looks: readonly AppLook[], { known }: MonitorConfig): boolean {
  if (host === null) return true;
  if (app === null) return known.some((one) => one.host === host || one.jumps.includes(host));
  if (!known.some((one) => one.host === host && one.app === app)) return false;
  const look = looks.find((one) => one.host === host && one.app === app);
  if (check === null || check === TRANSACTION || look === undefined || !look.seen || look.transaction !== null)
    return true;
  return look.unjudged.includes(check) || look.checks.some((one) => one.check === check);
}

/** Nobody looked for longer than twice the time between two runs. */
function gap(last: number | null, everyMs: number | null, at: number): readonly Alert[] {
  if (last === null || everyMs === null || at - last <= 2 * everyMs) return [];
  return [ofOurs('warning', { what: 'gap' }, at, last)];
}
