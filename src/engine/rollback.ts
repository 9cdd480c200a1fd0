import type { HostFacts } from '../model/facts.ts';
import type { GenerationId } from '../model/ids.ts';
import { fail, type HostOutcome, ok, type Result } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import { activate } from './activate.ts';
import { openHost, recoverHost } from './open.ts';
import type { HostRun } from './run.ts';

/** Re-activates an earlier generation by the deploy's own path: the host settles on it and is checked, or goes back. */
export async function rollbackHost(target: HostTarget, to: GenerationId | null, run: HostRun): Promise<HostOutcome> {
  const opened = await openHost(target, [], run);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  // Every return below awaits: the connection closes when this function is left.
  await using connection = opened.value;
  const host = await recoverHost(connection, target, [], run);
  if (!host.ok) return { end: 'untouched', failure: host.failure };
  const { facts } = host.value.probe;
  const goal = rollbackGoal(facts, to);
  if (!goal.ok) return { end: 'untouched', failure: goal.failure };
  if (run.signal.aborted) return { end: 'untouched', failure: { kind: 'cancelled', phase: 'plan' } };
  const from = facts.active;
  return await activate(
    host.value,
    target,
    { from, to: goal.value, keep: target.keep },
    { end: 'rolled-back', from, generation: goal.value },
    run,
  );
}

/**
 * Where a rollback goes: the named generation, or the last good one that the active one was built on. Following the
 * base, not the number, a second rollback goes further back and a generation once left is not a target again.
 */
export function rollbackGoal(facts: HostFacts, to: GenerationId | null): Result<GenerationId> {
  const none = (detail: string) => fail({ kind: 'no-target' as const, detail });
  const known = new Map(facts.generations.map((generation) => [generation.id, generation]));
  const good = facts.generations
    .filter((generation) => generation.verdict === 'good')
    .map((generation) => generation.id);
  if (facts.active === 0) return none('nothing is deployed there');
  if (to !== null) {
    const wanted = known.get(to);
    const others = `good generations there: ${good.join(', ') || 'none'}`;
    if (to === facts.active) return none(`generation ${to} is the active one; ${others}`);
    if (wanted === undefined) return none(`generation ${to} is not on the host; ${others}`);
    if (wanted.verdict !== 'good') return none(`generation ${to} never became healthy; ${others}`);
    return ok(to);
  }
  const visited = new Set<GenerationId>([facts.active]);
  let at = known.get(facts.active)?.base;
  while (at !== undefined && at !== 0 && !visited.has(at)) {
    if (known.get(at)?.verdict === 'good') return ok(at);
    visited.add(at);
    at = known.get(at)?.base;
  }
  return none(`generation ${facts.active} is the oldest good one on the host`);
}
