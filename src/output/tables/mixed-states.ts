import type { Summary } from '../../model/events.ts';
import { type HostOutcome, unreachable } from '../../model/outcome.ts';
import { list } from '../../util/count.ts';
import { groupBy, severalApps } from './group.ts';

/** Where a change left a host: whether that is where it was to go, and in a word or two; null for reading commands. */
type Position = { readonly done: boolean; readonly where: string };

function position(outcome: HostOutcome): Position | null {
  switch (outcome.end) {
    case 'deployed':
    case 'unchanged':
    case 'rolled-back':
      return { done: true, where: `at ${outcome.generation}` };
    case 'removed':
      return { done: true, where: 'removed' };
    case 'reverted':
      return {
        done: false,
        where: outcome.generation === 0 ? 'as before the first deploy' : `back at ${outcome.generation}`,
      };
    case 'untouched':
    case 'stuck':
    case 'unknown':
      return { done: false, where: outcome.end };
    case 'done':
    case 'failed':
    case 'planned':
    case 'reported':
    case 'healthy':
    case 'unhealthy':
      return null;
    default:
      return unreachable(outcome);
  }
}

/**
 * A line per app whose hosts were left in different states. Each host counts its generations by itself, so after a
 * deploy different numbers are the same code; after a rollback they are what each host went back to.
 */
export function mixedStates(summary: Summary): string[] {
  const several = severalApps(summary.hosts);
  return groupBy(summary.hosts, ({ app }) => app).flatMap((hosts) => {
    const positions = hosts.flatMap(({ host, outcome }) => {
      const where = position(outcome);
      return where === null ? [] : [{ host, ...where, end: outcome.end }];
    });
    const done = positions.filter((one) => one.done);
    const apart = new Set(
      done.flatMap(({ end, where }) => (end === 'rolled-back' || end === 'removed' ? [where] : [])),
    );
    if (done.length === 0 || (done.length === positions.length && apart.size < 2)) return [];
    const groups = groupBy(positions, ({ where }) => where);
    const lines = groups.map((group) => `${list(group.map(({ host }) => host))} ${group[0]?.where ?? ''}`);
    return [`the fleet is mixed${several ? ` in ${hosts[0]?.app ?? ''}` : ''}: ${lines.join('; ')}`];
  });
}
