import type { Summary } from '../../model/events.ts';
import { unreachable } from '../../model/outcome.ts';
import type { Handled, HistoryEntry, Made } from '../../model/report.ts';
import { list } from '../../util/count.ts';
import { by, locks, type ReportedHost, reportOf, result, source, way, when } from '../messages/report.ts';
import type { Paint } from '../text/paint.ts';
import { cutTo, displayWidth, pad, wrap } from '../text/width.ts';
import { findingLines } from './findings.ts';
import { label, severalApps } from './group.ts';
import { statusLines } from './status.ts';
import { table } from './table.ts';

/** What a reading command found on every host that answered; empty for every other command. */
export function reports(summary: Summary, paint: Paint, width: number): string[] {
  const status: ReportedHost<'status'>[] = [];
  const lock: ReportedHost<'lock'>[] = [];
  const doctor: ReportedHost<'doctor'>[] = [];
  const lines: string[] = [];
  for (const { host, app, outcome } of summary.hosts) {
    const report = reportOf(outcome);
    if (report === null) continue;
    switch (report.kind) {
      case 'status':
        status.push({ host, app, report });
        break;
      case 'lock':
        lock.push({ host, app, report });
        break;
      case 'doctor':
        doctor.push({ host, app, report });
        break;
      case 'history':
        lines.push(...history({ host, app, report }, paint, width));
        break;
      default:
        unreachable(report);
    }
  }
  return [
    ...lines,
    ...statusLines(status, paint, width),
    ...lockLines(lock, paint, width),
    ...findingLines(doctor, paint, width),
  ];
}

/** Who keeps each host from being changed, a line or more per host; never cut, since the reason of a hold is the point. */
function lockLines(all: readonly ReportedHost<'lock'>[], paint: Paint, width: number): string[] {
  const several = severalApps(all);
  const names = Math.min(Math.max(...all.map((one) => displayWidth(label(one, several)))), 40);
  return all.flatMap((one) => {
    const { report } = one;
    const look = report.held === null && report.open === null ? paint.good : paint.warn;
    const name = pad(cutTo(label(one, several), names), names);
    return locks(report)
      .flatMap((text) => wrap(text, width - names - 2))
      .map((line, i) => `${i === 0 ? name : ' '.repeat(names)}  ${look(line)}`);
  });
}

/** One host's generations and changes, the newest first. Times are the host's, in UTC. */
function history({ host, app, report }: ReportedHost<'history'>, paint: Paint, width: number): string[] {
  const { active, entries } = report;
  const generations = report.generations.toSorted((a, b) => b.id - a.id);
  const changes = [...entries, ...report.handled].toSorted((a, b) => (a.at < b.at ? 1 : -1));
  const indented = (lines: readonly string[], look: (i: number) => (text: string) => string) =>
    lines.map((line, i) => `  ${i === 0 ? paint.dim(line) : look(i - 1)(line)}`);
  const same = (text: string) => text;
  const none = generations.length + changes.length === 0 ? ['  nothing was deployed here yet'] : [];
  const made = table(
    ['GENERATION', 'VERDICT', 'MADE (UTC)', 'BY', 'SOURCE'],
    generations.map((one) => row(one, active)),
    width - 2,
  );
  const done = table(
    ['TIME (UTC)', 'ACTION', 'GENERATION', 'RESULT', 'BY'],
    changes.map((entry) => change(entry, paint)),
    width - 2,
  );
  return [
    '',
    paint.strong(`${host}/${app}`),
    ...none,
    ...(generations.length === 0
      ? []
      : indented(made, (i) => (generations[i]?.id === active ? paint.good : verdictLook(generations[i], paint)))),
    ...(generations.length > 0 && changes.length > 0 ? [''] : []),
    ...(changes.length === 0
      ? []
      : indented(done, (i) => (['committed', 'done'].includes(changes[i]?.result ?? '') ? same : paint.bad))),
  ];
}

const verdictLook = (made: Made | undefined, paint: Paint) => (made?.verdict === 'good' ? (t: string) => t : paint.dim);

const row = (made: Made, active: number): string[] => [
  String(made.id),
  `${made.verdict}${made.id === active ? ', active' : ''}`,
  when(made.at),
  made.by,
  source(made.source),
];

const change = (entry: HistoryEntry | Handled, paint: Paint): string[] =>
  'verb' in entry
    ? [when(entry.at), `${entry.verb} ${list(entry.units, 3)}`, String(entry.generation), entry.result, entry.by]
    : [when(entry.at), entry.action, way(entry, paint.arrow), result(entry), by(entry)];
