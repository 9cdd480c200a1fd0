import type { Summary } from '../../model/events.ts';
import { count } from '../../util/count.ts';
import { clean } from '../../util/sanitize.ts';
import { warned } from '../messages/check.ts';
import { explainOutcome } from '../messages/outcome.ts';
import { checksOf } from '../tables/checks.ts';

/** What a monitoring plugin prints, and the exit code of that convention. */
export type PluginResult = { readonly text: string; readonly code: 0 | 1 | 2 | 3 };

const STATE = { 0: 'OK', 1: 'WARNING', 2: 'CRITICAL', 3: 'UNKNOWN' } as const;

/**
 * `fleet health` as a Nagios plugin: CRITICAL when a service is bad, UNKNOWN when a host could not be looked at and none
 * is known to be bad, WARNING when all is well but a check warns. A `|` begins the numbers, so none may stand in the text.
 */
export function nagios(summary: Summary): PluginResult {
  const healthy = summary.hosts.filter(({ outcome }) => outcome.end === 'healthy').length;
  const unhealthy = summary.hosts.filter(({ outcome }) => outcome.end === 'unhealthy').length;
  const unseen = summary.hosts.length - healthy - unhealthy;
  const warnings = summary.hosts.flatMap(({ host, app, outcome }) =>
    warned(checksOf(outcome)).map((check) => shown(`${host}/${app}: warning: ${check.check}: ${check.detail}`)),
  );
  const code = unhealthy > 0 ? 2 : unseen > 0 || healthy === 0 ? 3 : warnings.length > 0 ? 1 : 0;
  const bad = summary.hosts.flatMap(({ host, app, outcome }) => {
    const why = explainOutcome(outcome, { hosts: [host], app })?.what;
    return why === undefined ? [] : [shown(`${host}/${app}: ${why}`)];
  });
  const parts = [
    [healthy, 'healthy'],
    [unhealthy, 'unhealthy'],
    [unseen, 'not checked'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, what]) => `${n} ${what}`);
  const numbers = `healthy=${healthy} unhealthy=${unhealthy} unchecked=${unseen}`;
  const head = `FLEET ${STATE[code]} - ${count(summary.hosts.length, 'host')}: ${said.join(', ')} | ${numbers}`;
  return { text: [head, ...bad, ...warnings].join('\n'), code };
}

/** The same where no host could be asked, since the project or the command line is wrong. */
export const unknown = (why: string): PluginResult => ({
  text: `FLEET ${STATE[3]} - ${why.split('\n').map(shown).join('\n')}`,
  code: 3,
});

const shown = (text: string) => clean(text).replaceAll('|', '/');
