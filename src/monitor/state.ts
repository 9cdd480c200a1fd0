import { createHash } from 'node:crypto';
import type { Alert, Change } from '../model/alert.ts';
import type { Level, Verdict } from '../model/look.ts';
import type { Subject } from '../model/notice.ts';
import type { Reading } from '../model/reading.ts';

// All that the monitor remembers between two runs. Times are milliseconds since 1970.

/** A moment by both clocks of this machine: the one that people set, and the one that only runs. */
export type Moment = { readonly at: number; readonly boot: string; readonly upMs: number };

/** The reader said that it is known. `until`: null until it is over. */
type Ack = { readonly at: number; readonly by: string; readonly until: number | null };

/** From the moment in which something turned bad until it is well and everybody knows. */
export type Problem = {
  readonly id: string;
  readonly since: number;
  readonly worst: Level;
  /** What went live between the last good look and this. */
  readonly change: Change | null;
  /** When it was last told; null as long as it was not. */
  readonly toldAt: number | null;
  /** How often readers were reminded of its present level. */
  readonly reminders: number;
  readonly ack: Ack | null;
};

export type SubjectState = {
  readonly subject: Subject;
  /** What it is taken for, once confirmed, and since when. */
  readonly level: Level;
  readonly since: number;
  /** What readers take it for. Where the two differ and nothing keeps it quiet, there is something to tell. */
  readonly told: Level;
  /** Which event of it they know; none before something has happened, and in what an older fleet has written. */
  readonly toldEvent?: string | null;
  /** The last looks, a letter each, oldest first. */
  readonly ring: string;
  /** When those that differ from the one before were made. */
  readonly changes: readonly number[];
  /** Looks since it last got better: older ones count for nothing any more. */
  readonly fresh: number;
  /** Readings beyond their limits, that have to come back by a tenth to be well. */
  readonly raised: Readonly<Record<string, Level>>;
  readonly flapping: number | null;
  readonly flapTold: boolean;
  readonly problem: Problem | null;
  /** When it was last seen; when and with which generation it was last well. */
  readonly seen: number;
  readonly good: { readonly at: number; readonly generation: number } | null;
  /** The last look that was not well; none where there is no problem, and in what an older fleet has written. */
  readonly verdict?: Verdict | null;
};

/** A time in which nothing is said of a host, an app (null: of all), or of one on the other. */
export type Pause = {
  readonly id: string;
  readonly host: string | null;
  readonly app: string | null;
  readonly since: number;
  readonly until: number;
  readonly by: string;
  readonly reason: string;
};

/** An alert that a channel does not have yet. */
export type Pending = { readonly seq: number; readonly queued: number; readonly alert: Alert };

export type ChannelState = {
  readonly pending: readonly Pending[];
  readonly failures: number;
  /** Nothing is sent before. */
  readonly retryAt: number;
  /** It takes nothing, and readers of the others know. */
  readonly refused: string | null;
  /** What it last answered to a failed attempt. */
  readonly answer: string;
};

/** Who was told what, and with which answer. */
export type Told = {
  readonly id: string;
  readonly kind: Alert['kind'];
  readonly at: number;
  readonly channel: string;
  readonly sent: boolean;
  readonly answer: string;
};

/** The last values that checks of an app have read, by their names, and when. */
export type Remembered = Readonly<Record<string, readonly [value: number, at: number]>>;

/** How a number has gone, oldest first: the older, the fewer points. */
export type Trend = {
  readonly host: string;
  /** Null for what all apps of the host share. */
  readonly app: string | null;
  readonly name: string;
  readonly unit: Reading['unit'];
  readonly limit: number | null;
  readonly points: readonly Point[];
};
export type Point = readonly [at: number, value: number];

/** A problem that is over. */
export type Closed = {
  readonly id: string;
  readonly subject: Subject;
  readonly since: number;
  readonly until: number;
  readonly worst: Level;
  /** Absent in what an older fleet has written. */
  readonly verdict?: Verdict | null;
};

export type MonitorState = {
  readonly last: Moment | null;
  /** The number of the next alert. */
  readonly seq: number;
  readonly subjects: Readonly<Record<string, SubjectState>>;
  readonly readings: Readonly<Record<string, Remembered>>;
  readonly trends: Readonly<Record<string, Trend>>;
  readonly pauses: readonly Pause[];
  readonly channels: Readonly<Record<string, ChannelState>>;
  /** Pings that are not heard, since when, and what they answered last. */
  readonly pings: Readonly<Record<string, { readonly since: number; readonly answer: string }>>;
  /** What was said of the run itself, and when last. */
  readonly notes: Readonly<Record<string, number>>;
  readonly trail: readonly Told[];
  readonly closed: readonly Closed[];
};

export const EMPTY: MonitorState = {
  ...{ last: null, seq: 1, subjects: {}, readings: {}, trends: {}, pauses: [], channels: {} },
  ...{ pings: {}, notes: {}, trail: [], closed: [] },
};

/** More than any fleet has; what comes on top is not watched, and a state that grows without end would end the watching. */
export const MOST_SUBJECTS = 20_000;
export const MOST_REMEMBERED = 100_000;
export const MOST_TRENDS = 2_000;
export const MOST_TRAIL = 500;
export const MOST_CLOSED = 200;

/** No name holds a tab: names of hosts and apps are words, and a check is named in text that is harmless. */
export const keyOf = ({ host, app, check }: Subject): string => [host ?? '', app ?? '', check ?? ''].join('\t');

export const unseenSubject = (subject: Subject, at: number): SubjectState => ({
  ...{ subject, level: 'ok', since: at, told: 'ok', ring: '', changes: [], fresh: 0, raised: {}, flapping: null },
  ...{ flapTold: false, problem: null, seen: at, good: null },
});

/** No two that look alike (0 and o, 1 and l), since people type it. */
const LETTERS = 'abcdefghjkmnpqrstuvwxyz23456789';

/** A short name that nothing in use has. */
export function freshId(about: string, taken: ReadonlySet<string>): string {
  const hash = createHash('sha256').update(about).digest();
  const letters = [...hash].map((byte) => LETTERS[byte % LETTERS.length]).join('');
  for (let size = 4; size < letters.length; size += 1)
    if (!taken.has(letters.slice(0, size))) return letters.slice(0, size);
  return letters;
}

/** Names of problems and pauses, those that are over included: an old message must not lead to a new problem. */
export const idsIn = (state: MonitorState): Set<string> =>
  new Set([
    ...Object.values(state.subjects).flatMap(({ problem }) => (problem === null ? [] : [problem.id])),
    ...state.closed.map(({ id }) => id),
    ...state.pauses.map(({ id }) => id),
  ]);

const HEAD = 'fleet-monitor 1';

/** As it lies on the disk: what was changed by hand or by half a write is told from what we have written. */
export function encode(state: MonitorState): string {
  const body = JSON.stringify(state);
  return `${HEAD} ${sum(body)}\n${body}\n`;
}

/** Why it cannot be read is a predicate. */
export function decode(text: string): { readonly state: MonitorState } | { readonly why: string } {
  const end = text.indexOf('\n');
  const body = text.slice(end + 1).trimEnd();
  if (!text.startsWith('fleet-monitor ')) return { why: 'is not what fleet writes there' };
  if (!text.startsWith(`${HEAD} `)) return { why: 'was written by another version of fleet' };
  if (text.slice(HEAD.length + 1, end) !== sum(body)) return { why: 'is damaged' };
  // A part that it was written without is empty.
  return { state: { ...EMPTY, ...JSON.parse(body) } };
}

const sum = (body: string) => createHash('sha256').update(body).digest('hex');
