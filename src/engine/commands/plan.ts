import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { forwardingTrouble } from '../checks/forwarding.ts';
import { askPreconditions } from '../checks/preconditions.ts';
import { forLackOfRoot, openHost, unsafeRoot } from '../open.ts';
import { planHost } from '../plan/plan.ts';
import type { HostRun } from '../run.ts';
import { noteCodeLogin } from '../stage/code-login.ts';
import { withLayout } from '../stage/layout-tasks.ts';
import { shown } from '../stage/send-code.ts';

/** `fleet plan` on one host: reads, says what a deploy would change, writes nothing. */
export async function previewHost(target: HostTarget, run: HostRun): Promise<HostOutcome> {
  const tasks = withLayout(target);
  const opened = await openHost(target, tasks, run);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  await using host = opened.value;
  const twin = await run.alone(host.probe.facts);
  if (twin !== null) return { end: 'untouched', failure: twin };
  run.emit({ type: 'phase', phase: 'plan' });
  const { open, facts } = host.probe;
  if (open !== null) {
    const state = open.running ? 'is at work' : 'was left unfinished and would be finished first';
    run.emit({
      type: 'note',
      text: `a transaction of ${open.by} (generation ${open.from} to ${open.to}, ${facts.phase}) ${state}`,
    });
  }
  const unsafe = unsafeRoot(facts);
  if (unsafe !== null) return { end: 'untouched', failure: unsafe };
  const planned = planHost(target, tasks, host.probe, host.answers);
  if (!planned.ok) return { end: 'untouched', failure: forLackOfRoot(planned.failure, host) };
  const pending = planned.value.plan.to !== 'nothing';
  const checks = pending ? [...target.preconditions, ...target.checks] : [];
  const closed = await forwardingTrouble(host.transport, checks, run.signal);
  if (closed !== null) return { end: 'untouched', failure: closed };
  const asked = pending ? await askPreconditions(host, target, run) : [];
  const doubts = asked.flatMap(({ check, ok, warning, detail }) => {
    if (!ok) return [`a deploy would leave this host untouched: the precondition ${check} does not hold: ${detail}`];
    return warning === true ? [`the precondition ${check} holds, but: ${detail}`] : [];
  });
  const plan = shown(planned.value, host, run);
  run.emit({ type: 'planned', plan: { ...plan, warnings: [...plan.warnings, ...doubts] } });
  noteCodeLogin(target, planned.value.plan, run);
  return { end: 'planned', pending, generation: facts.active };
}
