import type { Level } from '../../../model/look.ts';
import type { Subject } from '../../../model/notice.ts';
import { moment, span } from '../time.ts';
import { named } from './alert.ts';

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
    readonly ack: { readonly at: number; readonly by: string; readonly until: number | null } | null;
  } | null;
  readonly good: { readonly at: number; readonly generation: number } | null;
};
type Closed = { readonly subject: Subject; readonly since: number; readonly until: number; readonly worst: Level };

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
          ];
  const said = told.map(
    ({ at, channel, kind, sent, answer }) =>
      `${moment(at, now)} ${channel}: ${kind} ${sent ? 'sent' : 'NOT sent'}${answer === '' ? '' : ` (${answer})`}`,
  );
  return [`[${id}] ${lines[0] ?? ''}`, ...lines.slice(1), ...(said.length === 0 ? ['nobody was told yet'] : said)]
    .map((line, i) => `${i === 0 ? '' : '  '}${line}\n`)
    .join('');
}

function state({ subject, level, since, ring, seen, flapping, problem, good }: Open, now: number): readonly string[] {
  const ack = problem?.ack ?? null;
  return [
    `${named(subject)}: ${WORD[level]} since ${moment(since, now)}`,
    `last looks, oldest first: ${ring} (o well, w warning, c critical); the last one at ${moment(seen, now)}`,
    ...(problem === null ? [] : [`the problem began at ${moment(problem.since, now)}`]),
    ...(good === null
      ? []
      : [`last well at ${moment(good.at, now)}${good.generation === 0 ? '' : ` with generation ${good.generation}`}`]),
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
