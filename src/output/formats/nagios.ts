import type { Summary } from '../../model/events.ts';
import type { Failure, HostOutcome } from '../../model/outcome.ts';
import type { Reading } from '../../model/reading.ts';
import { count } from '../../util/count.ts';
import { warned } from '../messages/check.ts';
import { explainOutcome } from '../messages/outcome.ts';
import { checksOf } from '../tables/checks.ts';
import { LINE, shown } from './unknown.ts';

/** What a monitoring plugin prints, and the exit code of that convention. */
export type PluginResult = { readonly text: string; readonly code: 0 | 1 | 2 | 3 };

const STATE = { 0: 'OK', 1: 'WARNING', 2: 'CRITICAL', 3: 'UNKNOWN' } as const;

/** Bytes that Nagios reads of a plugin, less the one that ends them. */
const MOST = 8191;
/** What of them text may take. */
const TEXT_MOST = 4000;
const LINE_MOST = 400;

/** A host that is not there: known to be bad, and not merely not known. */
const DOWN: ReadonlySet<Failure['kind']> = new Set(['unreachable', 'connection-lost', 'timed-out']);

type Seen = 'healthy' | 'unhealthy' | 'unreachable' | 'unknown';

function seen(outcome: HostOutcome): Seen {
  if (outcome.end === 'healthy' || outcome.end === 'unhealthy') return outcome.end;
  return 'failure' in outcome && DOWN.has(outcome.failure.kind) ? 'unreachable' : 'unknown';
}

/**
 * `fleet health` as a Nagios plugin: CRITICAL when a service is bad or a host cannot be reached, UNKNOWN when one could not
 * be looked at for another reason (its key, the login), WARNING when all is well but a check warns.
 */
export function nagios(summary: Summary): PluginResult {
  const { hosts } = summary;
  const counted = (what: Seen) => hosts.filter(({ outcome }) => seen(outcome) === what).length;
  const [healthy, unhealthy, unreachable, unknown] = [
    counted('healthy'),
    counted('unhealthy'),
    counted('unreachable'),
    counted('unknown'),
  ];
  const warnings = hosts.flatMap(({ host, app, outcome }) =>
    warned(checksOf(outcome)).map((check) => shown(`${host}/${app}: warning: ${check.check}: ${check.detail}`)),
  );
  const code = unhealthy + unreachable > 0 ? 2 : unknown > 0 || healthy === 0 ? 3 : warnings.length > 0 ? 1 : 0;
  const bad = hosts.flatMap(({ host, app, outcome }) => {
    const why = explainOutcome(outcome, { hosts: [host], app })?.what;
    return why === undefined ? [] : [shown(`${host}/${app}: ${why}`)];
  });
  const said = Object.entries({ healthy, unhealthy, unreachable, unknown }).filter(([, n]) => n > 0);
  const head = `FLEET ${STATE[code]} - ${count(hosts.length, 'host')}: ${said.map(([what, n]) => `${n} ${what}`).join(', ')}`;
  const counts = `healthy=${healthy} unhealthy=${unhealthy} unchecked=${unreachable + unknown}`;
  const text = within(
    [...bad, ...warnings].map((line) => shortened(line, LINE_MOST)),
    TEXT_MOST,
  );
  const above = [`${shortened(head.replace(/: $/, ''), LINE)} | ${counts}`, ...text].join('\n');
  // They follow a second bar behind the last line of text; where there is none they stand with the first ones.
  const bar = text.length === 0 ? ' ' : ' | ';
  const numbers = fitting(readings(summary), MOST - Buffer.byteLength(above + bar));
  return { text: numbers === '' ? above : `${above}${bar}${numbers}`, code };
}

/** Whole lines, and how many there are besides. */
function within(lines: readonly string[], most: number): readonly string[] {
  const kept: string[] = [];
  let left = most;
  for (const line of lines) {
    left -= Buffer.byteLength(line) + 1;
    if (left < 0) return [...kept, `and ${lines.length - kept.length} more lines`];
    kept.push(line);
  }
  return kept;
}

function fitting(numbers: readonly string[], most: number): string {
  let all = '';
  for (const one of numbers) {
    const next = all === '' ? one : `${all} ${one}`;
    if (Buffer.byteLength(next) > most) break;
    all = next;
  }
  return all;
}

const shortened = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

const isShown = ({ memo }: Reading) => memo !== true;

/** Every number that a check has read. Of a single app on a single host the names go without it, so that their beginnings differ. */
function readings({ hosts }: Summary): readonly string[] {
  const used = new Map<string, number>();
  return hosts.flatMap(({ host, app, outcome }) =>
    checksOf(outcome).flatMap(({ readings = [] }) =>
      readings.filter(isShown).map((reading) => {
        const name = shown(hosts.length === 1 ? reading.name : `${host}/${app} ${reading.name}`).replaceAll('=', ':');
        const times = (used.get(name) ?? 0) + 1;
        used.set(name, times);
        return number(times === 1 ? name : `${name} #${times}`, reading);
      }),
    ),
  );
}

const UNIT = { bytes: 'B', ratio: '%', seconds: 's', celsius: '', count: '' } as const;

/** `'label'=value[unit];warn;crit;min;max`, in one unit; what is not known stays empty. */
function number(label: string, { value, unit, warn, critical, limit }: Reading): string {
  const scaled = (n: number | null) => {
    const shown = n === null ? Number.NaN : unit === 'ratio' ? n * 100 : n;
    return Number.isFinite(shown) ? decimal(shown) : '';
  };
  const least = unit === 'celsius' || unit === 'seconds' ? '' : '0';
  const fallsBelow = warn !== null && critical !== null && critical < warn;
  /** What is outside of it is bad; without a beginning it begins with 0. */
  const range = (n: number | null) => {
    if (scaled(n) === '') return '';
    if (fallsBelow) return `${scaled(n)}:`;
    return least === '' ? `~:${scaled(n)}` : scaled(n);
  };
  const most = unit === 'ratio' && limit === null ? '100' : scaled(limit);
  const known = scaled(value) === '' ? 'U' : `${scaled(value)}${UNIT[unit]}`;
  const fields = [known, range(warn), range(critical), least, most].join(';');
  return `'${label.replaceAll("'", "''")}'=${fields.replace(/;+$/, '')}`;
}

/** Without an exponent, which the grammar does not know. */
const decimal = (n: number): string =>
  Math.abs(n) < 1e15 ? n.toFixed(6).replace(/\.?0+$/, '') : String(BigInt(Math.trunc(n)));
