import type { UnitState } from '../../model/check.ts';
import type { HistoryEntry } from '../../model/report.ts';
import type { Paint } from '../paint.ts';
import { wrap } from '../width.ts';
import { wayOut } from '../words/explanation.ts';
import { holder, result, transaction, way, when } from '../words/report.ts';
import { label, severalApps } from './group.ts';
import type { Told } from './reports.ts';
import { table } from './table.ts';

type Status = Told<'status'>;

/** What stands on each host, then every service, then what a person should know: open changes, holds, drift. */
export function statusLines(all: readonly Status[], paint: Paint, width: number): string[] {
  if (all.length === 0) return [];
  const hosts = table(
    ['HOST', 'APP', 'GENERATION', 'RUNTIME', 'STATE', 'HELD BY', 'LAST CHANGE (UTC)'],
    all.map((one) => row(one, paint)),
    width,
  );
  const painted = hosts.map((line, i) => {
    const report = all[i - 1]?.report;
    if (report === undefined) return paint.dim(line);
    if (report.phase === 'REVERT_FAILED') return paint.bad(line);
    return report.phase === 'IDLE' && report.held === null ? line : paint.warn(line);
  });
  return [...painted, ...services(all, paint, width), ...remarks(all, paint, width)];
}

const row = ({ host, app, report }: Status, paint: Paint): string[] => [
  host,
  app,
  String(report.generation || '-'),
  report.runtime,
  transaction(report),
  report.held === null ? '-' : (report.held.split(/[, :]/)[0] ?? ''),
  report.last === null ? '-' : last(report.last, paint),
];

const last = (entry: HistoryEntry, paint: Paint): string =>
  `${when(entry.at)}  ${entry.action} ${way(entry, paint.arrow)}: ${result(entry)}, by ${entry.by}`;

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
function inWords({ active, sub, result: why, status }: UnitState): string {
  const state = sub === '' || sub === '-' || sub === active ? active : `${active} (${sub})`;
  return active === 'failed' && why !== '' && why !== '-' ? `${state}: ${why} ${status}` : state;
}

function remarks(all: readonly Status[], paint: Paint, width: number): string[] {
  const several = severalApps(all);
  const lines = all.flatMap((one) => {
    const { host, app, report } = one;
    const name = label(one, several);
    const place = { hosts: [host], app };
    const told = (text: string) => wrap(`! ${name}: ${text}`, width).map((line) => paint.warn(line));
    const advice = (text: string) =>
      wrap(text, width - 8).map((line, i) => `    ${(i === 0 ? paint.arrow : '').padEnd(paint.arrow.length)} ${line}`);
    return [
      ...(report.open === null ? [] : told(`open: ${report.open}`)),
      ...(report.phase === 'REVERT_FAILED'
        ? [...told('the last change failed, and taking it back failed too'), ...wayOut(place).flatMap(advice)]
        : []),
      ...(report.held === null ? [] : told(`held by ${holder(report.held)}`)),
      ...report.drift.flatMap((text) => told(`differs from what was deployed: ${text}`)),
    ];
  });
  return lines.length === 0 ? [] : ['', ...lines];
}
