import type { Summary } from '../../model/events.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import { list } from '../../util/count.ts';
import { command } from '../messages/explanation.ts';
import { failureOf } from '../messages/outcome.ts';
import type { Paint } from '../text/paint.ts';
import { wrap } from '../text/width.ts';
import { groupBy, label, severalApps } from './group.ts';

type Host = Summary['hosts'][number];

const INTERRUPTED = 130;

/** Whether the operator ended the run; a host that needs a person takes the exit code, so the hosts are asked too. */
export const wasInterrupted = ({ exitCode, hosts }: Summary): boolean =>
  exitCode === INTERRUPTED || hosts.some(({ outcome }) => isLeft(outcome) && failureOf(outcome)?.kind === 'cancelled');

/** Whether the interruption is why this host is not where it was to go. */
export function isLeft(outcome: HostOutcome): boolean {
  const kind = failureOf(outcome)?.kind;
  return (outcome.end === 'untouched' || outcome.end === 'reverted') && (kind === 'cancelled' || kind === 'skipped');
}

/** After Ctrl-C: which hosts were not started or were taken back, and the command that does the rest. */
export function interrupted(summary: Summary, paint: Paint, width: number): string[] {
  const left = summary.hosts.filter(({ outcome }) => isLeft(outcome));
  if (!wasInterrupted(summary)) return [];
  const several = severalApps(summary.hosts);
  const named = (hosts: readonly Host[]) => list(hosts.map((host) => label(host, several)));
  const line = (what: string, hosts: readonly Host[]) => (hosts.length === 0 ? [] : [`  ${what}: ${named(hosts)}`]);
  const untouched = left.filter(({ outcome }) => outcome.end === 'untouched');
  const isSkipped = ({ outcome }: Host) => failureOf(outcome)?.kind === 'skipped';
  const lines = [
    ...line('not started', untouched.filter(isSkipped)),
    ...line(
      'stopped before anything was changed',
      untouched.filter((host) => !isSkipped(host)),
    ),
    ...groupBy(
      left.filter(({ outcome }) => outcome.end === 'reverted'),
      ({ outcome }) => back(outcome),
    ).flatMap((group) => line(`taken back, ${group[0] === undefined ? '' : back(group[0].outcome)}`, group)),
  ];
  return [
    '',
    paint.strong(left.length === 0 ? 'interrupted; no host was left out by that' : 'interrupted'),
    ...lines.flatMap((line) => wrap(line, width)),
    ...groupBy(left, ({ app }) => app).flatMap((group) => goOn(summary.command, group, paint)),
  ];
}

const back = (outcome: HostOutcome): string =>
  outcome.end === 'reverted' && outcome.generation > 0
    ? `generation ${outcome.generation} is active`
    : 'as before the first deploy';

/** Only what is left: a rollback repeated on a host that is done would go one further back. Not wrapped: it is to be copied. */
function goOn(name: string, hosts: readonly Host[], paint: Paint): string[] {
  const place = { hosts: hosts.map(({ host }) => host), app: hosts[0]?.app ?? '' };
  return [`  ${paint.arrow} to go on, with other options as before: ${command(name, place)}`];
}
