import type { Summary } from '../../model/events.ts';
import { cleanAll } from '../../util/sanitize.ts';
import { collectNotes } from '../tables/run-notes.ts';
import { summaryLines } from '../tables/summary.ts';
import { terminalPaint } from '../text/paint.ts';

/** One picture of what is watched: it takes the place of the one before, and is cut where the terminal ends. */
export function statusPicture(
  hosts: Summary['hosts'],
  env: Readonly<Record<string, string | undefined>>,
  columns: number,
  rows: number,
): string {
  const look = { paint: terminalPaint(env), width: columns, remarks: false };
  const lines = summaryLines(cleanAll({ command: 'status', exitCode: 0, hosts }), collectNotes(), look);
  // The cursor goes home, each line ends what stood there, and what is below goes.
  return `\x1b[H${lines
    .slice(0, rows - 1)
    .map((line) => `${line}\x1b[K\n`)
    .join('')}\x1b[J`;
}
