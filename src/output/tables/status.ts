import type { ByHand, UnitState } from '../../model/facts.ts';
import type { Probation } from '../../model/probation.ts';
import { count } from '../../util/count.ts';
import { drifted } from '../messages/drift.ts';
import { command, type Place } from '../messages/explanation.ts';
import { keeper, unfinished } from '../messages/holder.ts';
import { probation } from '../messages/probation.ts';
import type { ReportedHost } from '../messages/report.ts';
import { by, result, transaction, way, when } from '../messages/report.ts';
import { size } from '../messages/size.ts';
import { duration, span } from '../messages/time.ts';
import { changedByHand } from '../messages/work.ts';
import type { Paint } from '../text/paint.ts';
import { displayWidth, wrap } from '../text/width.ts';
import { label, severalApps } from './group.ts';
import { table } from './table.ts';

type Status = ReportedHost<'status'>;

/** What stands on each host, then every service, then what a person should know: open changes, holds, drift. */
export function statusLines(all: readonly Status[], paint: Paint, width: number): string[] {
  if (all.length === 0) return [];
  return [...hosts(all, paint, width), ...services(all, paint, width), ...remarks(all, paint, width)];
}

const LAST = 'LAST CHANGE (UTC)';

/** The last change stands beside the rest where all of it fits, and otherwise in lines of its own. */
function hosts(all: readonly Status[], paint: Paint, width: number): string[] {
  const heads = ['HOST', 'APP', 'GENERATION', 'RUNTIME', 'STATE', 'HELD BY'];
  const wide = table(
    [...heads, LAST],
    all.map((one) => [...row(one), last(one, paint)]),
    Number.POSITIVE_INFINITY,
  );
  if (wide.every((line) => displayWidth(line) <= width)) return painted(wide, all, paint);
  const several = severalApps(all);
  const changes = all.map((one) => [label(one, several), last(one, paint)]);
  return [
    ...painted(table(heads, all.map(row), width), all, paint),
    '',
    ...painted(table(['HOST', LAST], changes, width), all, paint),
  ];
}

const painted = (lines: readonly string[], all: readonly Status[], paint: Paint): string[] =>
  lines.map((line, i) => {
    const report = all[i - 1]?.report;
    if (report === undefined) return paint.dim(line);
    if (report.phase === 'REVERT_FAILED') return paint.bad(line);
    return report.phase === 'IDLE' && report.held === null ? line : paint.warn(line);
  });

const row = ({ host, app, report }: Status): string[] => [
  host,
  app,
  String(report.generation || '-'),
  report.runtime,
  transaction(report),
  report.held?.by ?? '-',
];

function last({ report }: Status, paint: Paint): string {
  const entry = report.last;
  if (entry === null) return '-';
  return `${when(entry.at)}  ${entry.action} ${way(entry, paint.arrow)}: ${result(entry)}, by ${by(entry)}`;
}

type Row = { readonly name: string; readonly unit: UnitState; readonly hand: readonly ByHand[] };

/** Every service: those that failed first, then what was changed by hand. Columns that nothing stands in are left out. */
function services(all: readonly Status[], paint: Paint, width: number): string[] {
  const several = severalApps(all);
  const units = all.flatMap((one) =>
    one.report.units.map((unit): Row => ({ name: label(one, several), unit, hand: one.report.byHand })),
  );
  if (units.length === 0) return [];
  const rank = (one: Row) => (isUp(one) ? (handOf(one) === undefined ? 2 : 1) : 0);
  const rows = units.toSorted((a, b) => rank(a) - rank(b));
  const now = Date.now();
  const columns = COLUMNS.map(([head, cell]) => ({ head, cells: rows.map((one) => cell(one, now)) }));
  const shown = columns.filter(({ head, cells }, i) => i < 2 || ALWAYS.has(head) || cells.some((cell) => cell !== '-'));
  const lines = table(
    shown.map(({ head }) => head),
    rows.map((_, i) => shown.map(({ cells }) => cells[i] ?? '')),
    width,
  );
  return ['', ...lines.map((line, i) => paintedRow(line, rows[i - 1], paint))];
}

const paintedRow = (line: string, row: Row | undefined, paint: Paint) => {
  if (row === undefined) return paint.dim(line);
  if (isUp(row)) return handOf(row) === undefined ? line : paint.warn(line);
  return paint.bad(line);
};

const isUp = ({ unit }: Row) => ['active', 'inactive'].includes(unit.active);
const handOf = ({ unit, hand }: Row) => hand.find((one) => one.unit === unit.unit);

const ALWAYS: ReadonlySet<string> = new Set(['STATE', 'PID', 'RESTARTS']);

const COLUMNS: readonly (readonly [head: string, cell: (row: Row, now: number) => string])[] = [
  ['HOST', ({ name }) => name],
  ['SERVICE', ({ unit }) => unit.unit],
  ['STATE', (row) => `${inWords(row.unit)}${handOf(row) === undefined ? '' : `, ${handOf(row)?.what} by hand`}`],
  ['SINCE', ({ unit }, now) => (unit.living?.since == null ? '-' : span(now - unit.living.since))],
  ['GEN', ({ unit }) => String(unit.living?.generation || '-')],
  ['PID', ({ unit }) => String(unit.pid || '-')],
  ['RESTARTS', ({ unit }) => `${unit.restarts}${unit.restartsSince ? ` (+${unit.restartsSince})` : ''}`],
  ['MEMORY', ({ unit }) => memory(unit)],
  ['CPU', ({ unit }) => (unit.living?.cpuMs == null ? '-' : duration(unit.living.cpuMs))],
  ['STATUS', ({ unit }) => unit.living?.statusText || '-'],
];

/** `12.5 MiB`, with what it may use at most where there is a limit. */
function memory({ living }: UnitState): string {
  if (living?.memory == null) return '-';
  return living.memoryMax === null ? size(living.memory) : `${size(living.memory)} of ${size(living.memoryMax)}`;
}

/** `active (running)`; for one that failed also with what. */
function inWords({ active, sub, result: why, status, startedBy = [] }: UnitState): string {
  const state = sub === '' || sub === '-' || sub === active ? active : `${active} (${sub})`;
  const by = startedBy.length === 0 ? '' : `, started by ${startedBy.join(' and ')}`;
  return `${state}${by}${active === 'failed' && why !== '' && why !== '-' ? `: ${why} ${status}` : ''}`;
}

const STUCK = (place: Place) => [
  `Put right on the host what keeps it from being well; \`${command('health', place)}\` names it.`,
  'Then run the deploy or rollback again: it first tries the way back once more, and goes on only when that has worked.',
];

const isWell = ({ state, running }: Probation) => state === 'on' && running;

function remarks(all: readonly Status[], paint: Paint, width: number): string[] {
  const several = severalApps(all);
  const lines = all.flatMap((one) => {
    const { host, app, report } = one;
    const name = label(one, several);
    const place = { hosts: [host], app };
    const line = (text: string) =>
      wrap(`${name}: ${text}`, width - 2).map((line, i) => paint.warn(`${i === 0 ? '!' : ' '} ${line}`));
    const advice = (text: string) =>
      wrap(text, width - 8).map((line, i) => `    ${(i === 0 ? paint.arrow : '').padEnd(paint.arrow.length)} ${line}`);
    return [
      ...(report.open === null ? [] : line(`open: ${unfinished(report.open)}`)),
      ...(report.phase === 'REVERT_FAILED'
        ? [...line('the last change failed, and taking it back failed too'), ...STUCK(place).flatMap(advice)]
        : []),
      ...(report.held === null ? [] : line(keeper(report.held))),
      ...changedByHand(report.byHand).flatMap(line),
      ...(report.watch === null
        ? []
        : isWell(report.watch)
          ? [`  ${name}: ${probation(report.watch)}`]
          : line(probation(report.watch))),
      ...report.drift.flatMap((one) => line(`differs from what was deployed: ${drifted(one)}`)),
      ...(report.verified === null
        ? []
        : [`  ${name}: ${count(report.verified, 'file')} of the release compared with what was deployed`]),
      ...report.externalDropIns.flatMap(({ unit, path }) => line(`${path} changes ${unit} and is not from fleet`)),
    ];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}
