import type { Only } from '../../model/only.ts';
import { type HostOutcome, ok } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import type { HostRun } from '../run.ts';
import { askAhead, type Foretold, onePart, type Planning, showPlan, whole, withPlannedHost } from './planned-host.ts';

/** `fleet plan` on one host: reads, says what a deploy would change, writes nothing. */
export const previewHost = (target: HostTarget, run: HostRun): Promise<HostOutcome> =>
  preview(target, run, whole(target));

/** The same for a deploy of one part. */
export const previewPart = (target: HostTarget, only: Only, run: HostRun): Promise<HostOutcome> =>
  preview(target, run, onePart(target, only));

const preview = (target: HostTarget, run: HostRun, planning: Planning<Foretold>): Promise<HostOutcome> =>
  withPlannedHost(target, run, 'report', planning, async (host, planned) => {
    const pending = planned.plan.to !== 'nothing';
    const asked = pending ? await askAhead(host, target, run) : ok([]);
    if (!asked.ok) return { end: 'untouched', failure: asked.failure };
    const doubts = asked.value.flatMap(({ check, ok, warning, detail }) => {
      if (!ok) return [`a deploy would leave this host untouched: the precondition ${check} does not hold: ${detail}`];
      return warning === true ? [`the precondition ${check} holds, but: ${detail}`] : [];
    });
    showPlan(planned, target, run, doubts);
    return { end: 'planned', pending, generation: host.probe.facts.active };
  });
