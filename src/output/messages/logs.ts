import type { LogLine, LogNews } from '../../model/log-line.ts';
import { list } from '../../util/count.ts';
import { cleanJson, cleanWhole } from '../../util/sanitize.ts';
import type { LogLine as JsonLogLine } from '../json-line.ts';

export type LogFormat = 'short' | 'json' | 'raw';

type Shown = { readonly host: string; readonly app: string; readonly line: LogLine; readonly late: boolean };

type Look = {
  /** Columns of the longest name of a host. */
  readonly width: number;
  /** Whether there are several apps. */
  readonly several: boolean;
  readonly colour: boolean;
};

/** One line of a log, with its line feed. Nothing in it moves a cursor, whatever the service printed. */
export function logLine({ host, app, line, late }: Shown, format: LogFormat, look: Look): string {
  if (format === 'raw') return `${cleanWhole(line.text)}\n`;
  if (format === 'json') {
    const { unit, at, exact, priority, text, cursor } = line;
    const json: JsonLogLine = { type: 'line', host, app, unit, at: iso(at), exact, priority, text, cursor, v: 1 };
    return `${cleanJson(json)}\n`;
  }
  // A time with ~ is when the line was found, and one with < is older than what stands above it.
  const mark = late ? '<' : line.exact ? ' ' : '~';
  const name = `${host.padEnd(look.width)} ${look.several ? `${app}/` : ''}${cleanWhole(line.unit)}`;
  const text = cleanWhole(line.text);
  const time = iso(line.at).replace('T', ' ').slice(0, 23);
  if (!look.colour) return `${time}${mark} ${name} | ${text}\n`;
  const bad = line.priority !== null && line.priority <= 3;
  return `\x1b[2m${time}${mark}\x1b[22m \x1b[${hue(host)}m${name}\x1b[39m | ${bad ? `\x1b[31m${text}\x1b[39m` : text}\n`;
}

const iso = (at: number) =>
  Number.isFinite(at) && at > 0 && at < 8e18
    ? `${new Date(Math.floor(at / 1000)).toISOString().slice(0, -1)}${String(Math.floor(at % 1000)).padStart(3, '0')}Z`
    : '-';

/** Readable on dark and on light; red is for what is bad. */
const HUES = [32, 33, 34, 35, 36, 92, 94, 95, 96] as const;

/** The same name has the same colour in every run. */
function hue(name: string): number {
  let hash = 0x811c9dc5;
  for (const c of name) hash = Math.imul(hash ^ c.charCodeAt(0), 0x01000193) >>> 0;
  return HUES[hash % HUES.length] ?? 32;
}

/** That lines are missing where they were to go. @param file null for standard output */
export const outputLost = (file: string | null, why: string): string =>
  `fleet: ${file ?? 'standard output'} cannot be written (${why}): lines are missing at its end`;

/** What is told of a host between its lines. */
export function logNews(host: string, news: LogNews): string {
  switch (news.news) {
    case 'lost':
      return `${host}: lost (${news.failure.kind}), connecting again${news.last === null ? '' : `; last line of ${iso(news.last)}`}`;
    case 'back':
      return `${host}: back, going on behind the last line`;
    case 'gap':
      return `${host}: lines may be missing here: what was to be gone on from is no longer there`;
    case 'rebooted':
      return `${host}: the host was started anew`;
    case 'no-times':
      return `${host}: without systemd lines have no times: none is left out for ${list(news.ignored.map((flag) => `--${flag}`))}`;
    default:
      return `${host}: ${news.text}`;
  }
}
