import { type HostOutcome, unreachable } from '../../model/outcome.ts';
import type { DeployPolicy, HostTarget } from '../../model/target.ts';

/** Whether a host's end is a reason not to start others. A host that could not be reached is not: it is as it was. */
export function stopsOthers(outcome: HostOutcome): boolean {
  switch (outcome.end) {
    case 'reverted':
    case 'stuck':
    case 'unknown':
      return true;
    case 'untouched':
    case 'unchanged':
    case 'deployed':
    case 'rolled-back':
    case 'removed':
    case 'planned':
    case 'reported':
    case 'healthy':
    case 'unhealthy':
      return false;
    default:
      return unreachable(outcome);
  }
}

/**
 * Targets in groups that go one after the other: app by app, in the order in which the apps first appear, and hosts that
 * hold an exclusive name after all that hold none, so that the one who had it has given it up.
 */
export function inTurn<T extends Pick<HostTarget, 'app' | 'exclusiveOwned'>>(
  targets: readonly T[],
): readonly (readonly T[])[] {
  const [holders, others] = [
    targets.filter(({ exclusiveOwned }) => exclusiveOwned.length > 0),
    targets.filter(({ exclusiveOwned }) => exclusiveOwned.length === 0),
  ];
  return [others, holders].flatMap((half) =>
    [...new Set(half.map(({ app }) => app))].map((app) => half.filter((target) => target.app === app)),
  );
}

/**
 * Whether a host may still run what it was to give up: it was reached, and does not have what was wanted. One that could
 * not be reached may be gone for good, and its work is what another host has to take over.
 */
export const mayGoOn = (outcome: HostOutcome): boolean =>
  stopsOthers(outcome) || (outcome.end === 'untouched' && outcome.failure.kind !== 'unreachable');

/** Whether a host now has what was wanted, and so speaks for the others. */
export const endedWell = ({ end }: HostOutcome): boolean =>
  end === 'deployed' || end === 'unchanged' || end === 'rolled-back' || end === 'removed';

/**
 * The hosts that go next, at once: canaries until as many as wanted are proven, then batches. A canary that could not be
 * reached proves nothing, so another host takes its place; the last host is never held back for want of a canary.
 * @param rest hosts that have not begun @param proven hosts that ended well so far
 */
export function nextWave<T>(
  rest: readonly T[],
  policy: Pick<DeployPolicy, 'batch' | 'canary'>,
  parallel: number,
  proven: number,
): readonly T[] {
  const canaries = Math.min(policy.canary - proven, rest.length - 1);
  return rest.slice(0, canaries > 0 ? canaries : Math.max(1, Math.min(policy.batch, parallel)));
}
