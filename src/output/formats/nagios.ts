import type { Summary } from '../../model/events.ts';
import { clean } from '../sanitize.ts';
import { count } from '../words/count.ts';
import { explainOutcome } from '../words/outcome.ts';

/** What a monitoring plugin prints, and the exit code of that convention. */
export type PluginResult = { readonly text: string; readonly code: 0 | 1 | 2 | 3 };

const STATE = { 0: 'OK', 1: 'WARNING', 2: 'CRITICAL', 3: 'UNKNOWN' } as const;

/**
 * `fleet health` as a Nagios plugin: CRITICAL when a service is bad, UNKNOWN when a host could not be looked at and none
 * is known to be bad. A `|` begins the numbers, so none may stand in the text.
 */
export function nagios(summary: Summary): PluginResult {
  const healthy = summary.hosts.filter(({ outcome }) => outcome.end === 'healthy').length;
  const unhealthy = summary.hosts.filter(({ outcome }) => outcome.end === 'unhealthy').length;
  const unseen = summary.hosts.length - healthy - unhealthy;
  const code = unhealthy > 0 ? 2 : unseen > 0 || healthy === 0 ? 3 : 0;
  const bad = summary.hosts.flatMap(({ host, app, outcome }) => {
    const why = explainOutcome(outcome, { hosts: [host], app })?.what;
    return why === undefined ? [] : [clean(`${host}/${app}: ${why}`).replaceAll('|', '/')];
  });
  const parts = [
    [healthy, 'healthy'],
    [unhealthy, 'unhealthy'],
    [unseen, 'not checked'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  const numbers = `healthy=${healthy} unhealthy=${unhealthy} unchecked=${unseen}`;
  const head = `FLEET ${STATE[code]} - ${count(summary.hosts.length, 'host')}: ${said.join(', ')} | ${numbers}`;
  return { text: [head, ...bad].join('\n'), code };
}
