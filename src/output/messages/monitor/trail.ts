import type { Change } from '../../../model/alert.ts';
import type { Level, Verdict } from '../../../model/look.ts';
import type { Subject } from '../../../model/notice.ts';
import { count } from '../../../util/count.ts';
import { amount } from '../size.ts';
import { moment, span } from '../time.ts';
import { isLive, named } from './alert.ts';

/** Why what a run has found could not be written down. */
export const notKept = (why: string): string =>
  `What this run has found could not be written down, so that it is told again on every run until it can: ${why}`;

export const overdueRun = ({
  pid,
  since,
  now,
}: {
  readonly pid: string;
  readonly since: number;
  readonly now: number;
}) =>
  `CRITICAL fleet health --cron runs since ${moment(since, now)} (process ${pid}) and should have ended; nobody looks until it does`;

const WORD: Readonly<Record<Level, string>> = { ok: 'well', warn: 'a warning', crit: 'critical' };

type Told = {
  readonly at: number;
  readonly channel: string;
  readonly kind: string;
  readonly sent: boolean;
  readonly answer: string;
};
type Open = {
  readonly subject: Subject;
  readonly level: Level;
  readonly since: number;
  readonly ring: string;
  readonly seen: number;
  readonly flapping: number | null;
  readonly problem: {
    readonly since: number;
    readonly change: Change | null;
    readonly ack: { readonly at: number; readonly by: string; readonly until: number | null } | null;
  } | null;
  readonly good: { readonly at: number; readonly generation: number } | null;
  readonly verdict?: Verdict | null;
};
type Closed = {
  readonly verdict?: Verdict | null;
  readonly subject: Subject;
  readonly since: number;
  readonly until: number;
  readonly worst: Level;
};

/** How a verdict came about and who was told what. */
export function trail(
  id: string,
  {
    open,
    closed,
    told,
  }: { readonly open: Open | null; readonly closed: Closed | null; readonly told: readonly Told[] },
  now: number,
): string {
  const lines =
    open !== null
      ? state(open, now)
      : closed === null
        ? []
        : [
            `${named(closed.subject)}: over; ${WORD[closed.worst]} at worst`,
            `from ${moment(closed.since, now)} to ${moment(closed.until, now)}, ${span(closed.until - closed.since)}`,
            ...came(closed.verdict ?? null, now),
          ];
  const said = told.map(
    ({ at, channel, kind, sent, answer }) =>
      `${moment(at, now)} ${channel}: ${kind} ${sent ? 'sent' : 'NOT sent'}${answer === '' ? '' : ` (${answer})`}`,
  );
  return [`[${id}] ${lines[0] ?? ''}`, ...lines.slice(1), ...(said.length === 0 ? ['nobody was told yet'] : said)]
    .map((line, i) => `${i === 0 ? '' : '  '}${line}\n`)
    .join('');
}

/** What it said when it was last bad, by which numbers, and by which rule that counts. */
function came(verdict: Verdict | null, now: number): readonly string[] {
  if (verdict === null) return [];
  const { at, tries, detail, readings, confirm, recoverAfter } = verdict;
  const asked = tries === 1 ? 'asked once' : `asked ${tries} times`;
  const counts = confirm.of === 1 ? 'at once' : `when it was in ${confirm.runs} of the last ${confirm.of} runs`;
  return [
    `last bad at ${moment(at, now)}, ${asked} in that run${detail === '' ? '' : `: ${detail}`}`,
    ...readings.map(({ name, value, unit, warn, critical }) => {
      const limits = [
        ...(warn === null ? [] : [`a warning from ${amount(warn, unit)} on`]),
        ...(critical === null ? [] : [`critical from ${amount(critical, unit)} on`]),
      ];
      return `${name}: ${amount(value, unit)}; ${limits.join(', ')}, until it is a tenth away from that`;
    }),
    `bad counts ${counts}; well again after ${count(recoverAfter, 'good run')}${recoverAfter === 1 ? '' : ' in a row'}`,
  ];
}

function state(
  { subject, level, since, ring, seen, flapping, problem, good, verdict = null }: Open,
  now: number,
): readonly string[] {
  const ack = problem?.ack ?? null;
  const change = problem?.change ?? null;
  return [
    `${named(subject)}: ${WORD[level]} since ${moment(since, now)}`,
    ...came(verdict, now),
    `last looks, oldest first: ${ring} (o well, w warning, c critical); the last one at ${moment(seen, now)}`,
    ...(problem === null ? [] : [`the problem began at ${moment(problem.since, now)}`]),
    ...(good === null
      ? []
      : [`last well at ${moment(good.at, now)}${good.generation === 0 ? '' : ` with generation ${good.generation}`}`]),
    ...(change === null ? [] : [`${isLive(change, now)}; it was last well with ${change.from}`]),
    ...(flapping === null ? [] : [`it comes and goes since ${moment(flapping, now)}`]),
    ...(ack === null
      ? []
      : [
          `${ack.by} knows since ${moment(ack.at, now)}${ack.until === null ? '' : `, until ${moment(ack.until, now)}`}`,
        ]),
  ];
}

type Pause = {
  readonly id: string;
  readonly host: string | null;
  readonly app: string | null;
  readonly until: number;
  readonly by: string;
  readonly reason: string;
};

/** `web1 (all apps) until 14:03 UTC: disk swap (alice@laptop) [k2m4]` */
export const pauseLine = ({ id, host, app, until, by, reason }: Pause, now: number): string =>
  `${host === null ? `${app} on all hosts` : app === null ? `${host} with all its apps` : `${app} on ${host}`} until ${moment(until, now)}: ${reason} (${by}) [${id}]`;

export const paused = (one: Pause, now: number): string =>
  `paused: ${pauseLine(one, now)}\nWhat is still bad then is told. \`fleet pause --end ${one.id}\` ends it before.\n`;

export const acknowledged = (id: string, subject: Subject, until: number | null, now: number): string =>
  `${named(subject)} [${id}]: no reminders ${until === null ? 'until it is well, or worse' : `until ${moment(until, now)}, or it is worse`}\n`;

/** So many are named. */
const MOST_NAMED = 10;

/** How all stands where nobody has to be told of anything. */
export function standing(subjects: Readonly<Record<string, Pick<Open, 'subject' | 'level'>>>): string {
  const all = Object.values(subjects);
  const bad = all.filter(({ level }) => level !== 'ok').toSorted((a, b) => a.level.localeCompare(b.level));
  const hosts = new Set(all.flatMap(({ subject }) => subject.host ?? [])).size;
  const checks = all.filter(({ subject }) => subject.check !== null).length;
  const known = bad.slice(0, MOST_NAMED).map(({ subject, level }) => `${WORD[level]}: ${named(subject)}\n`);
  const rest = bad.length > MOST_NAMED ? `and ${bad.length - MOST_NAMED} more\n` : '';
  const sum = bad.length === 0 ? 'all is well' : `nothing new, ${bad.length} not well`;
  return `${count(checks, 'check')} on ${count(hosts, 'host')}: ${sum}\n${known.join('')}${rest}`;
}
