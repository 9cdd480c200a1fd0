import { type HostOutcome, unreachable } from '../model/outcome.ts';
import type { DeployPolicy } from '../model/target.ts';

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

/** How many hosts go at once, wave after wave: first the canaries, then batches. */
export function waves<T>(items: readonly T[], policy: Pick<DeployPolicy, 'batch' | 'canary'>, parallel: number): T[][] {
  const canaries = items.slice(0, Math.min(policy.canary, Math.max(0, items.length - 1)));
  const rest = items.slice(canaries.length);
  const size = Math.max(1, Math.min(policy.batch, parallel));
  const batches: T[][] = [];
  for (let i = 0; i < rest.length; i += size) batches.push(rest.slice(i, i + size));
  return canaries.length === 0 ? batches : [canaries, ...batches];
}

/**
 * Works through items with a limit, waves one after the other. `work` never rejects.
 * @param mayStart asked before each item; null to go on, or why the item is left alone
 */
export async function inWaves<T>(
  plan: readonly (readonly T[])[],
  parallel: number,
  mayStart: () => string | null,
  work: (item: T) => Promise<void>,
  skip: (item: T, why: string) => void,
): Promise<void> {
  for (const wave of plan) {
    const queue = [...wave];
    const worker = async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
        const why = mayStart();
        if (why === null) await work(item);
        else skip(item, why);
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallel, wave.length) }, worker));
  }
}
