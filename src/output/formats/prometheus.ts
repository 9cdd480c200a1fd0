import type { Summary } from '../../model/events.ts';
import { clean } from '../../util/sanitize.ts';
import { generationOf } from '../messages/plan.ts';
import { checksOf } from '../tables/checks.ts';

type Labels = Readonly<Record<string, string>>;
type Sample = { readonly labels: Labels; readonly value: number };

const escaped = (value: string) => clean(value).replaceAll('\\', '\\\\').replaceAll('"', '\\"');

function metric(name: string, help: string, samples: readonly Sample[]): string[] {
  const line = ({ labels, value }: Sample) => {
    const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`);
    return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`;
  };
  return samples.length === 0 ? [] : [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...samples.map(line)];
}

/**
 * `fleet health` in the text format of Prometheus, e.g. for the textfile collector of node_exporter.
 * @param at when the checks ended, milliseconds since the Unix epoch
 */
export function prometheus(summary: Summary, at: number): string {
  const hosts = summary.hosts.map(({ host, app, outcome }) => ({ labels: { host, app }, outcome }));
  const seen = hosts.filter(({ outcome }) => outcome.end === 'healthy' || outcome.end === 'unhealthy');
  const checks = hosts.flatMap(({ labels, outcome }) =>
    checksOf(outcome).map((check) => ({ labels: { ...labels, check: check.check }, check })),
  );
  const value = <T extends { readonly labels: Labels }>(items: readonly T[], of: (item: T) => number) =>
    items.map((item) => ({ labels: item.labels, value: of(item) }));
  const lines = [
    ...metric(
      'fleet_host_checked',
      'Whether the host could be looked at.',
      value(hosts, (host) => Number(seen.includes(host))),
    ),
    ...metric(
      'fleet_healthy',
      'Whether every check of the app passed.',
      value(seen, ({ outcome }) => Number(outcome.end === 'healthy')),
    ),
    ...metric(
      'fleet_generation',
      'Active generation of the app; 0 for none.',
      value(seen, ({ outcome }) => generationOf(outcome) ?? 0),
    ),
    ...metric(
      'fleet_check_ok',
      'Whether the check passed.',
      value(checks, ({ check }) => Number(check.ok)),
    ),
    ...metric(
      'fleet_check_warning',
      'Whether the check passed with a warning.',
      value(checks, ({ check }) => Number(check.warning === true)),
    ),
    ...metric(
      'fleet_check_duration_seconds',
      'How long the check took.',
      value(checks, ({ check }) => check.ms / 1000),
    ),
    ...metric('fleet_last_run_timestamp_seconds', 'When the checks ended.', [{ labels: {}, value: at / 1000 }]),
  ];
  return `${lines.join('\n')}\n`;
}
