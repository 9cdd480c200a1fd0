import type { Summary } from '../../model/events.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import { endWord, explainOutcome, isBad } from '../messages/outcome.ts';
import { generationOf } from '../messages/plan.ts';
import { duration } from '../messages/time.ts';
import type { Paint } from '../text/paint.ts';
import { table } from './table.ts';

/** How every host ended, one row each. */
export function outcomesTable(summary: Summary, paint: Paint, width: number): string[] {
  const rows = summary.hosts.map(({ host, app, outcome, durationMs }) => [
    host,
    app,
    endWord(outcome),
    generation(outcome),
    duration(durationMs),
    explainOutcome(outcome, { hosts: [host], app })?.what ?? '',
  ]);
  const lines = table(['HOST', 'APP', 'OUTCOME', 'GENERATION', 'TIME', 'REASON'], rows, width);
  return lines.map((line, i) => {
    const outcome = summary.hosts[i - 1]?.outcome;
    if (outcome === undefined) return paint.dim(line);
    return isBad(outcome) ? paint.bad(line) : line;
  });
}

const generation = (outcome: HostOutcome) => String(generationOf(outcome) || '-');

/** `48 deployed, 1 reverted, 1 untouched`: in the order in which they first came. */
export function tally(summary: Summary, paint: Paint): string {
  const ends = new Map<string, number>();
  for (const { outcome } of summary.hosts) ends.set(endWord(outcome), (ends.get(endWord(outcome)) ?? 0) + 1);
  return [...ends].map(([end, n]) => `${n} ${end}`).join(paint.dot);
}
