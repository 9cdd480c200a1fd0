import { type HostOutcome, unreachable } from '../../model/outcome.ts';
import type { PlanView } from '../../model/plan.ts';
import type { HostReport } from '../../model/report.ts';
import { count } from './count.ts';

/** What a plan comes to, in one line. */
export function planned(plan: PlanView): string {
  const changes = count(plan.changes.length, 'change');
  switch (plan.to) {
    case 'nothing':
      return `nothing to do: generation ${plan.base} is active and as it should be`;
    case 'reactivate':
      return `generation ${plan.base} was changed on the host and is put right: ${changes}`;
    case 'advance':
      return plan.base === 0 ? `first deploy: ${changes}` : `a new generation after ${plan.base}: ${changes}`;
    default:
      return unreachable(plan.to);
  }
}

/** The generation that is active after the outcome, or null where it is not known or there is none to name. */
export function generationOf(outcome: HostOutcome): number | null {
  if (outcome.end === 'reported') return reportedGeneration(outcome.report);
  return 'generation' in outcome ? outcome.generation : null;
}

function reportedGeneration(report: HostReport): number | null {
  switch (report.kind) {
    case 'status':
      return report.generation;
    case 'history':
      return report.active;
    case 'lock':
      return null;
    default:
      return unreachable(report);
  }
}
