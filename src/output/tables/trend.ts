import { amount } from '../messages/size.ts';
import { span } from '../messages/time.ts';
import { table } from './table.ts';

/** A number that was watched for a while. Times are milliseconds since 1970, and milliseconds. */
export type TrendRow = {
  readonly host: string;
  readonly app: string | null;
  readonly name: string;
  readonly unit: 'bytes' | 'ratio' | 'seconds' | 'celsius' | 'count';
  readonly points: readonly (readonly [at: number, value: number])[];
  /** Null where it does not surely move. */
  readonly perHour: number | null;
  /** Null where it does not move to a limit, or none is known, or that is too far off to say. */
  readonly limitIn: number | null;
};

const COLUMNS = 32;
const BARS = '▁▂▃▄▅▆▇█';

/** What fills up, with how it went, where it goes, and when it is there: what is full first stands first. */
export function trendTable(rows: readonly TrendRow[], width: number): string {
  if (rows.length === 0) return 'nothing is remembered yet; `fleet health --cron` remembers on every run\n';
  const sorted = rows.toSorted((a, b) => (a.limitIn ?? Infinity) - (b.limitIn ?? Infinity));
  const heads = ['HOST', 'WHAT', 'SEEN FOR', '', 'NOW', 'SLOPE', 'FULL IN'];
  return table(
    heads,
    sorted.map(({ host, name, unit, points, perHour, limitIn }) => {
      const [first, last] = [points[0], points.at(-1)];
      return [
        ...[host, name, first === undefined || last === undefined ? '' : span(last[0] - first[0]), sparkline(points)],
        ...[last === undefined ? '' : amount(last[1], unit), slope(perHour, unit)],
        limitIn === null ? '-' : span(limitIn),
      ];
    }),
    width,
  )
    .map((line) => `${line}\n`)
    .join('');
}

/**
 * Bars over even stretches of time, from the least to the most that there was; a change of less than a tenth is no steep one.
 * Where nobody looked it stays at what it was.
 */
export function sparkline(points: readonly (readonly [at: number, value: number])[], columns = COLUMNS): string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return '';
  const values = points.map(([, value]) => value);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const range = Math.max(most - least, Math.abs(most) / 10) || 1;
  const shown: number[] = [];
  for (const [at, value] of points)
    shown[Math.floor(((at - first[0]) / (last[0] - first[0] || 1)) * (columns - 1))] = value;
  let value = first[1];
  return Array.from({ length: first === last ? 1 : columns }, (_, i) => {
    value = shown[i] ?? value;
    return BARS[Math.min(BARS.length - 1, Math.floor(((value - least) / range) * BARS.length))] ?? '';
  }).join('');
}

function slope(perHour: number | null, unit: TrendRow['unit']): string {
  if (perHour === null) return '-';
  // What takes longer than a day to be seen is said by the day.
  const [per, word] = unit === 'ratio' && Math.abs(perHour) < 0.01 ? [perHour * 24, 'day'] : [perHour, 'hour'];
  return `${per > 0 ? '+' : '-'}${amount(Math.abs(per), unit)}/${word}`;
}
