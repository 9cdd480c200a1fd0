import type { HistoryEntry, Made } from '../../model/report.ts';
import type { Told } from '../messages/report.ts';
import { result, source, way, when } from '../messages/report.ts';
import type { Paint } from '../text/paint.ts';
import { table } from './table.ts';

/** One host's generations and changes, the newest first. Times are the host's, in UTC. */
export function history({ host, app, report }: Told<'history'>, paint: Paint, width: number): string[] {
  const { active, entries } = report;
  const generations = report.generations.toSorted((a, b) => b.id - a.id);
  const changes = entries.toReversed();
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
    ...(changes.length === 0 ? [] : indented(done, (i) => (changes[i]?.result === 'committed' ? same : paint.bad))),
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

const change = (entry: HistoryEntry, paint: Paint): string[] => [
  when(entry.at),
  entry.action,
  way(entry, paint.arrow),
  result(entry),
  entry.by,
];
