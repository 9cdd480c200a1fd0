import type { Summary } from '../../model/events.ts';
import { list } from '../messages/count.ts';
import type { Paint } from '../text/paint.ts';
import { wrap } from '../text/width.ts';
import { checksTable } from './checks.ts';
import { failures } from './failures.ts';
import { groupBy, label, severalApps } from './group.ts';
import type { Heard } from './heard.ts';
import { interrupted } from './interrupted.ts';
import { mixed } from './mixed.ts';
import { outcomesTable, tally } from './outcomes.ts';
import { plans } from './plans.ts';
import { reports } from './reports.ts';

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
  const found = reports(summary, paint, width);
  const lines = [
    ...plans(views, paint),
    ...(look.remarks ? remarks(heard, several, paint) : []),
    ...checksTable(summary, paint, width),
    ...(found.length === 0 ? [] : ['', ...found]),
    ...(onlyReports(summary) ? [] : ends(summary, paint, width)),
  ];
  return lines.slice(lines.findIndex((line) => line !== ''));
}

/** Reports that were all read say everything; a table of outcomes would only say that they were read. */
const onlyReports = ({ hosts }: Summary) =>
  hosts.length > 0 && hosts.every(({ outcome }) => outcome.end === 'reported');

const ends = (summary: Summary, paint: Paint, width: number): string[] => [
  '',
  ...outcomesTable(summary, paint, width),
  ...failures(summary, paint, width),
  '',
  `${summary.command}: ${tally(summary, paint)}`,
  ...mixed(summary)
    .flatMap((line) => wrap(line, width))
    .map((line) => paint.warn(line)),
  ...interrupted(summary, paint, width),
];

/** Notes and warnings of the run, each once with the hosts that it is about. */
function remarks(heard: Heard, several: boolean, paint: Paint): string[] {
  const groups = groupBy(heard.remarks(), (remark) => remark.text);
  const lines = groups.map((group) => {
    const names = list([...new Set(group.map((remark) => label(remark, several)))], 8);
    return paint.warn(`! ${names}: ${group[0]?.text ?? ''}`);
  });
  return lines.length === 0 ? [] : ['', ...lines];
}
