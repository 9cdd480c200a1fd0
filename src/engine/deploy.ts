import { call } from '../host/call.ts';
import type { GenerationRecord } from '../host/record.ts';
import type { GenerationId } from '../model/ids.ts';
import { type Failure, fail, type HostOutcome, ok, type Result } from '../model/outcome.ts';
import type { Advance, PrepareStep } from '../model/plan.ts';
import type { HostTarget } from '../model/target.ts';
import type { Transport } from '../transport/transport.ts';
import { activate } from './activate.ts';
import { withLayout } from './layout-tasks.ts';
import { type OpenHost, openHost, recoverHost } from './open.ts';
import { type Planned, planHost } from './plan.ts';
import { prepare, undoScript } from './prepare.ts';
import { type HostRun, QUICK } from './run.ts';
import { claimGeneration, fillGeneration } from './stage.ts';

/**
 * Brings one host to what its target wants:
 *
 *   open ─> plan ─ nothing to do ─────────────────────────> unchanged
 *             └─> prepare ─> stage ─> activate (see there) ─> deployed | reverted | stuck | unknown
 *
 * Whatever fails before `activate` is taken back here, and nothing live has changed.
 */
export async function deployHost(target: HostTarget, run: HostRun): Promise<HostOutcome> {
  const tasks = withLayout(target);
  const opened = await openHost(target, tasks, run);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  // Every return below awaits: the connection closes when this function is left.
  await using connection = opened.value;
  const host = await recoverHost(connection, target, tasks, run);
  if (!host.ok) return { end: 'untouched', failure: host.failure };

  run.emit({ type: 'phase', phase: 'plan' });
  const planned = planHost(target, tasks, host.value.probe, host.value.fragments);
  if (!planned.ok) return { end: 'untouched', failure: planned.failure };
  const { plan, view } = planned.value;
  run.emit({ type: 'planned', plan: view });
  if (plan.to === 'nothing') return { end: 'unchanged', generation: plan.generation };

  const room = enoughRoom(host.value, plan.to === 'advance' ? plan : null);
  if (!room.ok) return { end: 'untouched', failure: room.failure };
  if (run.signal.aborted) return { end: 'untouched', failure: { kind: 'cancelled', phase: 'plan' } };

  run.emit({ type: 'phase', phase: 'prepare' });
  const prepared = await prepare(host.value.transport, plan.prepare, run);
  if (!prepared.result.ok) return await takeBack(host.value, null, prepared.undo, prepared.result.failure, run);

  if (plan.to === 'reactivate') {
    const same = { from: plan.generation, to: plan.generation, keep: target.keep };
    return await activate(host.value, target, same, { end: 'deployed', generation: plan.generation }, run);
  }
  run.emit({ type: 'phase', phase: 'stage' });
  const claimed = await claimGeneration(host.value, plan.base, run);
  if (!claimed.ok) return await takeBack(host.value, null, prepared.undo, claimed.failure, run);
  const id = claimed.value;
  const filled = await fillGeneration(host.value, target, plan, recordOf(target, plan, planned.value, id, run), run);
  if (!filled.ok) return await takeBack(host.value, id, prepared.undo, filled.failure, run);
  if (run.signal.aborted) return await takeBack(host.value, id, prepared.undo, { kind: 'cancelled', phase: 'stage' }, run);

  return await activate(
    host.value,
    target,
    { from: plan.base, to: id, keep: target.keep },
    { end: 'deployed', generation: id },
    run,
  );
}

function recordOf(
  target: HostTarget,
  plan: Advance,
  planned: Planned,
  generation: GenerationId,
  run: HostRun,
): GenerationRecord {
  return {
    ...{ generation, base: plan.base, digest: plan.digest, runtime: plan.runtime, layout: target.layout },
    ...{ by: run.by, at: new Date(run.now()).toISOString(), source: target.source, parts: planned.parts },
    ...{
      units: plan.units,
      enable: planned.launch.enable,
      start: planned.launch.start,
      files: plan.files,
      env: plan.env,
    },
    services: planned.launch.files,
  };
}

/** Space for the release and some to work in, before anything is sent. */
function enoughRoom(host: OpenHost, plan: Advance | null): Result<void> {
  const trees = plan?.stage.flatMap((step) => (step.do === 'sync' ? [step.tree] : [])) ?? [];
  const bytes = trees.reduce((sum, tree) => sum + tree.bytes, 0) * 1.2 + 64 * 1024 * 1024;
  const inodes = trees.reduce((sum, tree) => sum + tree.entries.length, 0) + 100;
  const { freeBytes, freeInodes } = host.probe.facts;
  const mib = (n: number) => `${Math.ceil(n / 1024 / 1024)} MiB`;
  if (freeBytes < bytes)
    return fail({ kind: 'unsupported', needs: `${mib(bytes)} of free disk space; ${mib(freeBytes)} are left` });
  if (freeInodes > 0 && freeInodes < inodes)
    return fail({ kind: 'unsupported', needs: `${inodes} free inodes; ${freeInodes} are left` });
  return ok(undefined);
}

/**
 * Drops what was staged and undoes what was prepared, over the same connection or a new one, under a signal of its own.
 * When the host cannot be reached any more nothing live has changed, and the next deploy removes the rest.
 */
async function takeBack(
  host: OpenHost,
  staged: GenerationId | null,
  prepared: readonly PrepareStep[],
  failure: Failure,
  run: HostRun,
): Promise<HostOutcome> {
  const undo = undoScript(prepared);
  const drop = staged === null ? null : call({ ...host.site, hasProgram: true }, 'drop', staged);
  if (undo === null && drop === null) return { end: 'untouched', failure };
  run.emit({ type: 'phase', phase: 'revert' });
  const signal = AbortSignal.timeout(2 * QUICK);
  const base = host.probe.facts.active;
  if (await clean(host.transport)) return { end: 'reverted', failure, generation: base };
  const fresh = await run.connect(signal);
  if (fresh.ok) {
    await using transport = fresh.value;
    if (await clean(transport)) return { end: 'reverted', failure, generation: base };
  }
  run.emit({
    type: 'note',
    text: 'the host could not be reached again to clean up; nothing live had changed, and the next deploy removes the rest',
  });
  return { end: 'untouched', failure };

  async function clean(transport: Transport): Promise<boolean> {
    for (const script of [drop, undo]) {
      if (script === null) continue;
      const reply = await transport.run(script, { signal, timeoutMs: QUICK });
      if (!reply.ok) return false;
    }
    for (const step of prepared) run.emit({ type: 'step', id: step.id, title: step.title, state: 'undone' });
    return true;
  }
}
