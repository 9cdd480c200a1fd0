import type { About, Alert, Change, Live } from '../model/alert.ts';
import type { Level, LiveLook, Verdict } from '../model/look.ts';
import type { Severity } from '../model/notice.ts';
import { judge, worse } from './judge.ts';
import { freshId, keyOf, type Problem, type SubjectState } from './state.ts';
import type { Observation } from './tree.ts';

const HOUR = 3_600_000;

/** When the next reminder is due: after one hour, three more, and then each day. */
const reminderAt = ({ toldAt, reminders }: Problem): number =>
  toldAt === null ? Number.POSITIVE_INFINITY : toldAt + ([1, 3][reminders] ?? 24) * HOUR;

const severityOf = (level: Level): Severity => (level === 'crit' ? 'critical' : level === 'warn' ? 'warning' : 'ok');

type Told = { readonly after: SubjectState; readonly alert: Alert | null };

/**
 * What one look makes of a subject, and what there is to tell of it: whatever it is now, when readers take it for
 * something else and nothing keeps it quiet. So what happened meanwhile is told as soon as it may be, and what was never
 * told is not taken back.
 */
export function take(
  before: SubjectState,
  look: Observation,
  quiet: boolean,
  at: number,
  taken: ReadonlySet<string>,
): Told {
  const judged = judge(before, look, at);
  const now = withProblem(before, judged, look.live, at, taken);
  const well = look.level === 'ok' && now.level === 'ok';
  const good = well ? { at, generation: look.live?.generation ?? 0 } : now.good;
  const verdict = now.ring.endsWith('o') ? (now.problem === null ? null : (now.verdict ?? null)) : verdictOf(look, at);
  const seen: SubjectState = { ...now, good, verdict };
  return quiet ? { after: seen, alert: null } : tell(seen, look, at);
}

/** So much of a look is kept. */
const MOST_LETTERS = 200;
const MOST_READINGS = 4;

function verdictOf({ about, tries, readings, confirm, recoverAfter }: Observation, at: number): Verdict {
  const limited = readings.filter(({ warn, critical, memo }) => memo !== true && (warn ?? critical) !== null);
  const kept = limited.slice(0, MOST_READINGS).map(({ name, value, unit, warn, critical }) => ({
    ...{ name: name.slice(0, MOST_LETTERS), value, unit, warn, critical },
  }));
  return { at, tries, detail: detailOf(about).slice(0, MOST_LETTERS), readings: kept, confirm, recoverAfter };
}

/** A problem begins when something turns bad, and lasts until readers know that it is well. */
function withProblem(
  before: SubjectState,
  now: SubjectState,
  live: LiveLook | null,
  at: number,
  taken: ReadonlySet<string>,
): SubjectState {
  const { problem } = before;
  if (now.level === before.level) return now;
  if (problem === null) {
    if (now.level === 'ok') return now;
    const id = freshId(`${keyOf(now.subject)}\n${at}`, taken);
    const change = changeSince(before.good, live);
    return { ...now, problem: { id, since: at, worst: now.level, change, toldAt: null, reminders: 0, ack: null } };
  }
  // It has come and gone without anybody's knowing.
  if (now.level === 'ok' && now.told === 'ok' && !now.flapTold) return { ...now, problem: null };
  const worst = worse(now.level, problem.worst) ? now.level : problem.worst;
  // What somebody knows of is no longer all.
  const ack = worse(now.level, before.level) ? null : problem.ack;
  return { ...now, problem: { ...problem, worst, ack } };
}

function changeSince(good: SubjectState['good'], live: LiveLook | null): Change | null {
  if (good === null || live === null || good.generation === live.generation) return null;
  const { generation, change } = live;
  return { generation, from: good.generation, at: change?.at ?? null, by: change?.by ?? null };
}

function tell(before: SubjectState, look: Observation, at: number): Told {
  const { level, told, problem, flapping, flapTold } = before;
  // What happens while it is bad is told each time, also of what comes and goes.
  const isNews = level !== 'ok' && look.event !== null && look.event !== (before.toldEvent ?? null);
  const now: SubjectState = isNews ? { ...before, toldEvent: look.event } : before;
  if (flapping !== null) {
    if (flapTold && isNews) return { after: now, alert: alertOf(now, look, 'changed', at) };
    if (flapTold || (level === 'ok' && told === 'ok')) return { after: now, alert: null };
    const about: About = { what: 'flapping', changes: now.changes.length, detail: detailOf(look.about) };
    const alert = alertOf(now, look, 'flapping', at, { about, since: now.changes[0] ?? at });
    const severity = now.ring.includes('c') ? 'critical' : 'warning';
    return { after: { ...now, flapTold: true }, alert: { ...alert, severity } };
  }
  const done: SubjectState = { ...now, told: level, flapTold: false };
  const after = level === 'ok' ? { ...done, problem: null } : { ...done, problem: problem && toldNow(problem, at) };
  if (flapTold) return { after, alert: alertOf(now, look, 'settled', at) };
  if (told === level && level === 'ok') return { after, alert: null };
  if (told === level && !isNews) return remind(now, look, at);
  const kind = level === 'ok' ? 'recovered' : told === 'ok' ? 'problem' : 'changed';
  return { after, alert: alertOf(now, look, kind, at) };
}

const toldNow = (problem: Problem, at: number): Problem => ({ ...problem, toldAt: at, reminders: 0 });

function remind(now: SubjectState, look: Observation, at: number): Told {
  const { problem } = now;
  // On its way back nobody is reminded of it.
  if (problem === null || reminderAt(problem) > at || now.ring.endsWith('o')) return { after: now, alert: null };
  if (problem.ack !== null && (problem.ack.until ?? Number.POSITIVE_INFINITY) > at) return { after: now, alert: null };
  const reminded = { ...problem, ack: null, toldAt: at, reminders: problem.reminders + 1 };
  return { after: { ...now, problem: reminded }, alert: alertOf(now, look, 'reminder', at) };
}

const detailOf = (about: About): string => ('detail' in about ? about.detail : '');

function alertOf(
  { subject, level, problem, since, good }: SubjectState,
  { about, evidence, log, fix, live }: Observation,
  kind: Alert['kind'],
  at: number,
  other: Partial<Alert> = {},
): Alert {
  const change = problem?.change ?? null;
  return {
    ...{ id: problem?.id ?? '', kind, severity: severityOf(level), subject, at, since: problem?.since ?? since },
    about: about.what === 'state' ? { ...about, change: level === 'ok' ? null : change } : about,
    ...{ evidence, log, fix, live: liveOf(live), wellAt: good?.at ?? null, ...other },
  };
}

function liveOf(live: LiveLook | null): Live | null {
  if (live === null || live.generation === 0) return null;
  const { generation, change } = live;
  return { generation, at: change?.at ?? null, by: change?.by ?? null };
}

/** A subject that is looked at no more: what readers take for bad is taken back. */
export function close({ subject, told, flapTold, problem }: SubjectState, at: number): Alert | null {
  if (told === 'ok' && !flapTold) return null;
  return {
    ...{ id: problem?.id ?? '', kind: 'unwatched', severity: 'info', subject, at, since: problem?.since ?? null },
    about: { what: 'state', detail: '', hides: 0, change: null },
    ...{ evidence: [], log: [], fix: null },
  };
}
