import type { Summary } from '../../model/events.ts';
import { standing } from '../messages/work.ts';
import type { Paint } from '../text/paint.ts';
import { label, severalApps } from './group.ts';
import { table } from './table.ts';

/** What a person's verb found and left, a row for each unit; empty for every other command. */
export function workLines({ hosts }: Summary, paint: Paint, width: number): string[] {
  const several = severalApps(hosts);
  const rows = hosts.flatMap((one) => {
    const { outcome } = one;
    if (outcome.end !== 'done' && outcome.end !== 'failed') return [];
    const { units } = outcome.work;
    const name = label(one, several);
    if (units.length === 0 && outcome.end === 'done') return [[name, '-', 'no such unit here', '']];
    return units.map((unit) => [name, unit.unit, standing(unit.was), standing(unit.is)]);
  });
  if (rows.length === 0) return [];
  const [head = '', ...lines] = table(['HOST', 'UNIT', 'WAS', 'IS'], rows, width);
  return [paint.dim(head), ...lines];
}
