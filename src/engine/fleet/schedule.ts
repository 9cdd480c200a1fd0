import { type HostOutcome, unreachable } from '../../model/outcome.ts';
import type { DeployPolicy, HostTarget } from '../../model/target.ts';
import type { Slots } from '../../util/slots.ts';

/** Whether a host's end is a reason not to start others. A host that could not be reached is not: it is as it was. */
export function stopsOthers(outcome: HostOutcome): boolean {
  switch (outcome.end) {
    case 'reverted':
    case 'stuck':
    case 'unknown':
    case 'failed':
      return true;
    case 'untouched':
    case 'done':
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

/** How far a group has come: hosts that have not begun, hosts at work, and hosts that ended well so far. */
export type Progress = { readonly waiting: number; readonly running: number; readonly proven: number };

/**
 * How many hosts may begin now: canaries until as many as wanted are proven, then one for each free place of the batch, or
 * in waves a whole batch once nobody is at work. A canary that could not be reached proves nothing, so another host takes
 * its place; the last host is never held back for want of a canary.
 */
export function mayBegin(
  { batch, canary, waves }: Pick<DeployPolicy, 'batch' | 'canary' | 'waves'>,
  parallel: number,
  { waiting, running, proven }: Progress,
): number {
  if (waves && running > 0) return 0;
  const missing = canary - proven;
  // Whoever is at work before the canaries are proven is one of them.
  if (missing > 0 && waiting + running > 1)
    return Math.max(0, Math.min(missing - running, waiting - 1, parallel - running));
  return Math.max(0, Math.min(waiting, Math.max(1, Math.min(batch, parallel)) - running));
}

/**
 * Works through items as places become free, in rounds of those that begin at once.
 * @param free how many may begin now; more than none while nothing is at work
 */
export async function inPlaces<T>(
  items: readonly T[],
  free: (now: Omit<Progress, 'proven'>) => number,
  begin: (round: readonly T[]) => readonly Promise<void>[],
): Promise<void> {
  const waiting = [...items];
  const running = new Set<Promise<void>>();
  while (waiting.length + running.size > 0) {
    const round = waiting.splice(0, free({ waiting: waiting.length, running: running.size }));
    for (const work of begin(round)) {
      const one = work.finally(() => running.delete(one));
      running.add(one);
    }
    await Promise.race(running);
  }
}

/** Waits without a place; what goes on behind it has one again. */
export type Aside = <T>(wait: () => Promise<T>) => Promise<T>;

const NEVER = new AbortController().signal;

/**
 * Works in one of the places, in the order in which works come. It is one place: left by the first part of the work that waits
 * aside, and taken again for the first that goes on.
 */
export async function inPlace<T>(places: Slots, work: (aside: Aside) => Promise<T>): Promise<T> {
  let place = places.take(NEVER);
  let isIn = true;
  const leave = async (left: typeof place) => (await left)?.();
  await place;
  try {
    return await work(async (wait) => {
      if (isIn) {
        isIn = false;
        await leave(place);
      }
      try {
        return await wait();
      } finally {
        if (!isIn) {
          isIn = true;
          place = places.take(NEVER);
        }
        await place;
      }
    });
  } finally {
    await leave(place);
  }
}
