import type { Summary } from '../../model/events.ts';
import { standing } from '../messages/work.ts';
import type { Paint } from '../text/paint.ts';
import { label, severalApps } from './group.ts';
import { table } from './table.ts';

/** What a person's verb found and left, a row for each unit; empty for every other command. */
export function workLines(summary: Summary, paint: Paint, width: number): string[] {
  return [...unitLines(summary, paint, width), ...exitLines(summary, paint, width)];
}

/** Exit statuses, where not every host ended with 0. */
function exitLines({ hosts }: Summary, paint: Paint, width: number): string[] {
  const rows = hosts.flatMap(({ host, outcome }) =>
    outcome.end === 'done' && outcome.work.kind === 'command' ? [{ host, code: outcome.work.code }] : [],
  );
  if (rows.every(({ code }) => code === 0)) return [];
  const [head = '', ...lines] = table(
    ['HOST', 'EXIT STATUS'],
    rows.map(({ host, code }) => [host, String(code)]),
    width,
  );
  return [paint.dim(head), ...lines.map((line, i) => (rows[i]?.code === 0 ? line : paint.bad(line)))];
}

function unitLines({ hosts }: Summary, paint: Paint, width: number): string[] {
  const several = severalApps(hosts);
  const rows = hosts.flatMap((one) => {
    const { outcome } = one;
    if ((outcome.end !== 'done' && outcome.end !== 'failed') || outcome.work.kind !== 'units') return [];
    const { units } = outcome.work;
    const name = label(one, several);
    if (units.length === 0 && outcome.end === 'done') return [[name, '-', 'no such unit here', '']];
    return units.map((unit) => [name, unit.unit, standing(unit.was), standing(unit.is)]);
  });
  if (rows.length === 0) return [];
  const [head = '', ...lines] = table(['HOST', 'UNIT', 'WAS', 'IS'], rows, width);
  return [paint.dim(head), ...lines];
}
