import type { Summary } from '../../model/events.ts';
import type { Paint } from '../paint.ts';
import { list } from '../words/count.ts';
import { checksTable } from './checks.ts';
import { failures } from './failures.ts';
import { groupBy, label, severalApps } from './group.ts';
import type { Heard } from './heard.ts';
import { outcomesTable, tally } from './outcomes.ts';
import { plans } from './plans.ts';

export type Look = {
  readonly paint: Paint;
  /** Columns that a row of a table may take. */
  readonly width: number;
  /** Whether notes and warnings are told here: not where they were printed as they came. */
  readonly remarks: boolean;
};

/** The end of a run for people: plans or checks where they are the result, one row per host, then failures in full. */
export function summaryLines(summary: Summary, heard: Heard, look: Look): string[] {
  const { paint, width } = look;
  const several = severalApps(summary.hosts);
  const read = summary.hosts.filter(({ outcome }) => outcome.end === 'planned');
  const views = read.flatMap((host) => {
    const plan = heard.planOf(host);
    return plan === undefined ? [] : [{ name: label(host, several), plan }];
  });
  const lines = [
    ...plans(views, paint),
    ...(look.remarks ? remarks(heard, several, paint) : []),
    ...checksTable(summary, paint, width),
    '',
    ...outcomesTable(summary, paint, width),
    ...failures(summary, paint, width),
    '',
    `${summary.command}: ${tally(summary, paint)}`,
  ];
  return lines[0] === '' ? lines.slice(1) : lines;
}

/** Notes and warnings of the run, each once with the hosts that it is about. */
function remarks(heard: Heard, several: boolean, paint: Paint): string[] {
  const groups = groupBy(heard.remarks(), (remark) => remark.text);
  const lines = groups.map((group) => {
    const names = list([...new Set(group.map((remark) => label(remark, several)))], 8);
    return paint.warn(`! ${names}: ${group[0]?.text ?? ''}`);
  });
  return lines.length === 0 ? [] : ['', ...lines];
}
