import type { Summary } from '../../model/events.ts';
import type { Reading } from '../../model/reading.ts';
import { clean } from '../../util/sanitize.ts';
import { generationOf } from '../messages/plan.ts';
import { checksOf } from '../tables/checks.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = { readonly name: string; readonly labels: Labels; readonly value: number };

const UNITS = { bytes: 'bytes', ratio: 'ratio', seconds: 'seconds', celsius: 'celsius', count: 'number' } as const;

/** What of a reading is told, each by a metric of its own, since they have different units. */
const SIDES = {
  '': 'What a check has read',
  warn_: 'From where on that is worth a warning',
  critical_: 'From where on that is bad',
  limit_: 'What there is at most of that',
} as const;

const readingName = (side: string, unit: Reading['unit']) => `fleet_reading_${side}${UNITS[unit]}`;

/** Every metric, in the order in which they stand. */
const HELP: Readonly<Record<string, string>> = {
  fleet_host_checked: 'Whether the host could be looked at.',
  fleet_healthy: 'Whether every check of the app passed.',
  fleet_generation: 'Active generation of the app; 0 for none.',
  fleet_check_ok: 'Whether the check passed.',
  fleet_check_warning: 'Whether the check passed with a warning.',
  fleet_check_duration_seconds: 'How long the check took.',
  fleet_check_seen_timestamp_seconds:
    'When the check was last asked; older than the last run where its host was not seen.',
  ...Object.fromEntries(
    (Object.keys(UNITS) as Reading['unit'][]).flatMap((unit) =>
      Object.entries(SIDES).map(([side, help]) => [readingName(side, unit), `${help}, in ${UNITS[unit]}.`]),
    ),
  ),
  fleet_last_run_timestamp_seconds: 'When the checks ended.',
};

/** What an earlier run has written, and which apps on which hosts there still are. */
export type Before = { readonly text: string; has(host: string, app: string): boolean };

/**
 * `fleet health` in the text format of Prometheus, for the textfile collector of node_exporter; OpenMetrics too. No series
 * carries a time, or the collector would leave the whole file out.
 * @param at when the checks ended, milliseconds since the Unix epoch
 * @param before series of what this run has not seen stay: one that goes away would end its alert
 */
export function prometheus(summary: Summary, at: number, before: Before | null = null): string {
  const now = samplesOf(summary, at);
  const seen = new Set(summary.hosts.filter(wasSeen).map(placeKey));
  const told = new Set(now.map(seriesKey));
  const kept = (before === null ? [] : parsed(before.text)).filter(
    (sample) =>
      sample.labels.host !== undefined &&
      !seen.has(placeKey(sample.labels)) &&
      !told.has(seriesKey(sample)) &&
      before?.has(sample.labels.host, sample.labels.app ?? '') === true,
  );
  const all = [...now, ...kept];
  const lines = Object.entries(HELP).flatMap(([name, help]) => {
    const samples = all.filter((sample) => sample.name === name);
    return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples.map(line)];
  });
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

const placeKey = ({ host = '', app = '' }: { readonly host?: string; readonly app?: string }): string =>
  `${host}\0${app}`;
const seriesKey = ({ name, labels }: Sample): string => JSON.stringify([name, Object.entries(labels).sort()]);

const wasSeen = ({ outcome }: Summary['hosts'][number]): boolean =>
  outcome.end === 'healthy' || outcome.end === 'unhealthy';

function samplesOf({ hosts }: Summary, at: number): readonly Sample[] {
  const samples: Sample[] = [];
  const add = (name: string, labels: Labels, value: number | null) => {
    if (value !== null && Number.isFinite(value)) samples.push({ name, labels, value });
  };
  for (const row of hosts) {
    const place = { host: clean(row.host), app: clean(row.app) };
    add('fleet_host_checked', place, Number(wasSeen(row)));
    if (!wasSeen(row)) continue;
    add('fleet_healthy', place, Number(row.outcome.end === 'healthy'));
    add('fleet_generation', place, generationOf(row.outcome) ?? 0);
    // Two of one name would spoil the whole file.
    const [checkName, readingLabel] = [namer(), namer()];
    for (const check of checksOf(row.outcome)) {
      const labels = { ...place, check: checkName(check.check) };
      add('fleet_check_ok', labels, Number(check.ok));
      add('fleet_check_warning', labels, Number(check.warning === true));
      add('fleet_check_duration_seconds', labels, check.ms / 1000);
      add('fleet_check_seen_timestamp_seconds', labels, at / 1000);
      for (const { name, unit, value, warn, critical, limit, memo } of check.readings ?? []) {
        if (memo === true) continue;
        const of = { ...place, reading: readingLabel(name) };
        add(readingName('', unit), of, value);
        add(readingName('warn_', unit), of, warn);
        add(readingName('critical_', unit), of, critical);
        add(readingName('limit_', unit), of, limit);
      }
    }
  }
  add('fleet_last_run_timestamp_seconds', {}, at / 1000);
  return samples;
}

/** Names that are all different: the second of a name has its number. */
function namer(): (text: string) => string {
  const used = new Set<string>();
  return (text) => {
    const name = clean(text);
    let unique = name;
    for (let n = 2; used.has(unique); n += 1) unique = `${name} #${n}`;
    used.add(unique);
    return unique;
  };
}

const escaped = (value: string) => value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');

function line({ name, labels, value }: Sample): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
}

const LABEL = /([a-z]+)="((?:[^"\\]|\\[\\"n])*)"/;
const SERIES = new RegExp(`^([a-z_]+)\\{(${LABEL.source}(?:,${LABEL.source})*)\\} (\\S+)$`);

/** Series of a file that this has written; any other line is left out. */
function parsed(text: string): readonly Sample[] {
  return text.split('\n').flatMap((one): readonly Sample[] => {
    const [, name = '', pairs = ''] = SERIES.exec(one) ?? [];
    const value = Number(one.slice(one.lastIndexOf(' ') + 1));
    if (!Object.hasOwn(HELP, name) || !Number.isFinite(value)) return [];
    const labels = [...pairs.matchAll(new RegExp(LABEL, 'g'))].map(([, label = '', raw = '']) => [
      label,
      unescaped(raw),
    ]);
    return [{ name, labels: Object.fromEntries(labels), value }];
  });
}

const unescaped = (text: string) => text.replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
