import type { UnitState } from '../../model/facts.ts';
import { count } from '../../util/count.ts';
import { drifted } from '../messages/drift.ts';
import { command, type Place } from '../messages/explanation.ts';
import { keeper, unfinished } from '../messages/holder.ts';
import type { ReportedHost } from '../messages/report.ts';
import { result, transaction, way, when } from '../messages/report.ts';
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
  return `${when(entry.at)}  ${entry.action} ${way(entry, paint.arrow)}: ${result(entry)}, by ${entry.by}`;
}

function services(all: readonly Status[], paint: Paint, width: number): string[] {
  const several = severalApps(all);
  const units = all.flatMap((one) => one.report.units.map((unit) => ({ name: label(one, several), unit })));
  if (units.length === 0) return [];
  const lines = table(
    ['HOST', 'SERVICE', 'STATE', 'PID', 'RESTARTS'],
    units.map(({ name, unit }) => [name, unit.unit, inWords(unit), String(unit.pid || '-'), String(unit.restarts)]),
    width,
  );
  const isUp = (i: number) => ['active', 'inactive'].includes(units[i]?.unit.active ?? '');
  return ['', ...lines.map((line, i) => (i === 0 ? paint.dim(line) : isUp(i - 1) ? line : paint.bad(line)))];
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
      ...report.drift.flatMap((one) => line(`differs from what was deployed: ${drifted(one)}`)),
      ...(report.verified === null
        ? []
        : [`  ${name}: ${count(report.verified, 'file')} of the release compared with what was deployed`]),
      ...report.externalDropIns.flatMap(({ unit, path }) => line(`${path} changes ${unit} and is not from fleet`)),
    ];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}
