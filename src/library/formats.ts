import type { Summary } from '../model/events.ts';
import type { PluginResult } from '../output/formats/nagios.ts';
import type { Before } from '../output/formats/prometheus.ts';
import { cleanAll } from '../util/sanitize.ts';

// What `fleet health --format` writes. Loaded when it is asked for, as commands are.

/** How `health` ended, as a Nagios plugin says it: text for standard output, and the exit code 0, 1, 2 or 3. */
export const nagios = async (summary: Summary): Promise<PluginResult> =>
  (await import('../output/formats/nagios.ts')).nagios(cleanAll(summary));

/**
 * How `health` ended, as a file for the textfile collector of Prometheus' node_exporter.
 * @param at when the checks ended; milliseconds since the epoch
 * @param before the file as it was, and which apps on which hosts there still are: what was not seen this time stays
 */
export const prometheus = async (
  summary: Summary,
  at: number = Date.now(),
  before: Before | null = null,
): Promise<string> => (await import('../output/formats/prometheus.ts')).prometheus(cleanAll(summary), at, before);
