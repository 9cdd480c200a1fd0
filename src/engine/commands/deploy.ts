import { call } from '../host/call.ts';
import type { GenerationRecord } from '../host/record.ts';
import type { GenerationId } from '../model/ids.ts';
import { type Failure, fail, type HostOutcome, ok, type Result } from '../model/outcome.ts';
import type { Advance, Plan } from '../model/plan.ts';
import type { HostTarget } from '../model/target.ts';
import type { BoundTask } from '../model/task.ts';
import type { Transport } from '../transport/transport.ts';
import { activate } from './activate.ts';
import { claimGeneration, enter } from './claim.ts';
import { noteCodeLogin, openCodeLogin } from './code-login.ts';
import { withLayout } from './layout-tasks.ts';
import { forLackOfRoot, leftAlone, type OpenHost, openHost, recoverHost } from './open.ts';
import { type Planned, planHost } from './plan.ts';
import { askPreconditions } from './preconditions.ts';
import { type Prepared, prepare } from './prepare.ts';
import { type HostRun, QUICK } from './run.ts';
import { shown } from './send-code.ts';
import { fillGeneration } from './stage.ts';

type Reactivate = Extract<Plan, { to: 'reactivate' }>;

/**
 * Brings one host to what its target wants:
 *
 *   open ─> plan ─ nothing to do ─────────────────────────> unchanged
 *             ├─ a precondition does not hold ────────────> untouched
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
  if (!host.ok) return leftAlone(host.failure);
  const outcome = await deployOn(host.value, target, tasks, run);
  return 'failure' in outcome ? { ...outcome, failure: forLackOfRoot(outcome.failure, host.value) } : outcome;
}

async function deployOn(
  host: OpenHost,
  target: HostTarget,
  tasks: readonly BoundTask[],
  run: HostRun,
): Promise<HostOutcome> {
  run.emit({ type: 'phase', phase: 'plan' });
  const planned = planHost(target, tasks, host.probe, host.fragments);
  if (!planned.ok) return { end: 'untouched', failure: planned.failure };
  const { plan } = planned.value;
  run.emit({ type: 'planned', plan: shown(planned.value, host, run) });
  noteCodeLogin(target, plan, run);
  if (plan.to === 'nothing') return { end: 'unchanged', generation: plan.generation };

  const room = enoughRoom(host, plan.to === 'advance' ? plan : null);
  if (!room.ok) return { end: 'untouched', failure: room.failure };
  const asked = await askPreconditions(host, target, run);
  if (run.signal.aborted) return { end: 'untouched', failure: { kind: 'cancelled', phase: 'plan' } };
  for (const result of asked) run.emit({ type: 'check', result });
  if (asked.some((result) => !result.ok)) return { end: 'untouched', failure: { kind: 'precondition', checks: asked } };

  return plan.to === 'reactivate'
    ? await repair(host, target, plan, run)
    : await advance(host, target, planned.value, plan, run);
}

/** The same generation again, on a host that somebody or something changed. */
async function repair(host: OpenHost, target: HostTarget, plan: Reactivate, run: HostRun): Promise<HostOutcome> {
  const entered = await enter(host, 'enter', plan.generation, run);
  if (!entered.ok) return { end: 'untouched', failure: entered.failure };
  run.emit({ type: 'phase', phase: 'prepare' });
  const prepared = await prepare(installed(host), plan.prepare, run);
  if (!prepared.result.ok) return takeBack(host, null, prepared, prepared.result.failure, run);
  const change = { from: plan.generation, to: plan.generation, keep: target.keep, action: 'repair' } as const;
  return activate(installed(host), target, change, { end: 'deployed', generation: plan.generation }, run);
}

/** A new generation. */
async function advance(
  host: OpenHost,
  target: HostTarget,
  planned: Planned,
  plan: Advance,
  run: HostRun,
): Promise<HostOutcome> {
  const login = await openCodeLogin(target, host, plan, run);
  if (!login.ok) return { end: 'untouched', failure: login.failure };
  await using code = login.value;
  run.emit({ type: 'phase', phase: 'prepare' });
  const claimed = await claimGeneration(host, plan.base, run);
  if (!claimed.ok) return { end: 'untouched', failure: claimed.failure };
  const id = claimed.value;
  const there = installed(host);
  const prepared = await prepare(there, plan.prepare, run);
  if (!prepared.result.ok) return takeBack(there, id, prepared, prepared.result.failure, run);

  run.emit({ type: 'phase', phase: 'stage' });
  const filled = await fillGeneration(there, target, plan, recordOf(target, plan, planned, id, run), run, code);
  if (!filled.ok) return takeBack(there, id, prepared, filled.failure, run);
  if (run.signal.aborted) return takeBack(there, id, prepared, { kind: 'cancelled', phase: 'stage' }, run);
  const change = { from: plan.base, to: id, keep: target.keep, action: 'deploy' } as const;
  const outcome = await activate(there, target, change, { end: 'deployed', generation: id }, run);
  // The host refused to begin: what was made ready for it goes again.
  if (outcome.end === 'untouched') await takeBack(there, id, prepared, outcome.failure, run);
  return outcome;
}

/** The first call of a verb has put the program there. */
const installed = (host: OpenHost): OpenHost => ({ ...host, site: { ...host.site, hasProgram: true } });

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
      exposure: plan.exposure,
      checks: target.checks.map((check) => check.written),
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
  prepared: Prepared,
  failure: Failure,
  run: HostRun,
): Promise<HostOutcome> {
  const drop = staged === null ? null : call(host.site, 'drop', staged);
  if (prepared.undo === null && drop === null) return { end: 'untouched', failure };
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
    for (const script of [drop, prepared.undo]) {
      if (script === null) continue;
      const reply = await transport.run(script, { signal, timeoutMs: QUICK });
      if (!reply.ok) return false;
      if (reply.value.code === 0) continue;
      const why = reply.value.stderr.trim().split('\n').at(-1) ?? '';
      run.emit({ type: 'note', text: `not all of what was begun could be taken back: ${why}` });
      return true;
    }
    for (const step of prepared.begun) run.emit({ type: 'step', id: step.id, title: step.title, state: 'undone' });
    return true;
  }
}
