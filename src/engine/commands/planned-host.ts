import { parseBase } from '../../host/base.ts';
import type { Only } from '../../model/only.ts';
import { type CheckResult, fail, type HostOutcome, ok, type Result } from '../../model/outcome.ts';
import { EMPTY_TASK_PLAN } from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import type { BoundTask } from '../../model/task.ts';
import { sh } from '../../shell/sh.ts';
import { forwardingTrouble } from '../checks/forwarding.ts';
import { scrubbed } from '../checks/scrub.ts';
import { checkIo, checkOnce } from '../checks/verify.ts';
import { forLackOfRoot, leftAlone, type OpenHost, openHost, recoverHost, unsafeRoot } from '../open.ts';
import { withLayout } from '../plan/layout-tasks.ts';
import { type PlannedPart, planPart } from '../plan/partial.ts';
import { type Planned, planHost, sendsCode } from '../plan/plan.ts';
import type { HostRun, RunContext } from '../run.ts';

// open ─> plan ─> ask: all that is known before a host is touched. `fleet plan` foretells a deploy by being its beginning.

/** What a reader is told before anything is done. */
export type Foretold = Pick<Planned, 'plan' | 'view'>;

/** How a host is planned: what is asked of it, and what is made of the answers. */
export type Planning<P> = {
  readonly tasks: readonly BoundTask[];
  plan(host: OpenHost, run: HostRun): Result<P>;
};

/** All of the app. */
export function whole(target: HostTarget): Planning<Planned> {
  const tasks = withLayout(target);
  return { tasks, plan: ({ probe, answers }, run) => planHost(target, tasks, probe, answers, run.localRsync) };
}

const BASE: BoundTask = { name: 'base', secrets: [], probe: sh`tell_base`, plan: () => EMPTY_TASK_PLAN };

/** One part of it, on what is active there. */
export const onePart = (target: HostTarget, only: Only): Planning<PlannedPart> => ({
  tasks: [...target.tasks, BASE],
  plan: ({ probe, answers }) =>
    planPart(target, only, target.tasks, probe, answers, parseBase(answers.get(BASE.name) ?? '')),
});

/**
 * Opens one host, plans on it, and works with both until the connection closes.
 * @param unfinished what is done about a run that died there
 */
export async function withPlannedHost<P>(
  target: HostTarget,
  run: HostRun,
  unfinished: 'finish' | 'report',
  { tasks, plan }: Planning<P>,
  work: (host: OpenHost, planned: P) => Promise<HostOutcome>,
): Promise<HostOutcome> {
  const opened = await openHost(target, tasks, run);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  // Every return below awaits: the connection closes when this function is left.
  await using connection = opened.value;
  const twin = await run.alone(connection.probe.facts);
  if (twin !== null) return { end: 'untouched', failure: twin };
  const recovered = unfinished === 'finish' ? await recoverHost(connection, target, tasks, run) : ok(connection);
  if (!recovered.ok) return leftAlone(recovered.failure);
  const host = recovered.value;
  run.emit({ type: 'phase', phase: 'plan' });
  if (unfinished === 'report') reportUnfinished(host, run);
  const unsafe = unsafeRoot(host.probe.facts);
  if (unsafe !== null) return { end: 'untouched', failure: unsafe };
  const planned = plan(host, run);
  const outcome: HostOutcome = planned.ok
    ? await work(host, planned.value)
    : { end: 'untouched', failure: planned.failure };
  return 'failure' in outcome ? { ...outcome, failure: forLackOfRoot(outcome.failure, host) } : outcome;
}

function reportUnfinished({ probe: { open, facts } }: OpenHost, run: HostRun): void {
  if (open === null) return;
  const state = open.running ? 'is at work' : 'was left unfinished and would be finished first';
  run.emit({
    type: 'note',
    text: `a transaction of ${open.by} (generation ${open.from} to ${open.to}, ${facts.phase}) ${state}`,
  });
}

/** Shows the plan, and over which login its code goes where that is not the one that everything goes over. */
export function showPlan(
  { plan, view }: Foretold,
  { uploadUser, connection }: HostTarget,
  run: HostRun,
  doubts: readonly string[] = [],
): void {
  run.emit({ type: 'planned', plan: { ...view, warnings: [...view.warnings, ...doubts] } });
  if (uploadUser === null || !sendsCode(plan)) return;
  run.emit({ type: 'note', text: `code goes over a login as ${uploadUser}, all the rest over ${connection.user}` });
}

/**
 * Asks what the playbook wants to hold before a host is touched, once: nothing waits for it. Read-only.
 * @returns what was found, or why the checks after the switch could not be asked
 */
export async function askAhead(
  host: OpenHost,
  { preconditions, checks }: HostTarget,
  { signal, now }: Pick<RunContext, 'signal' | 'now'>,
): Promise<Result<readonly CheckResult[]>> {
  const closed = await forwardingTrouble(host.transport, [...preconditions, ...checks], signal);
  if (closed !== null) return fail(closed);
  const io = checkIo(host, { signal, now });
  const found = await Promise.all(preconditions.map((check) => checkOnce(check, io, now)));
  return ok(await scrubbed(found, host.probe.facts.generations.length === 0 ? null : host, signal));
}
