import type { Aside, Namesake } from '../../model/namesake.ts';
import { type HostOutcome, unreachable } from '../../model/outcome.ts';
import type { PlanView } from '../../model/plan.ts';
import type { HostReport } from '../../model/report.ts';
import { count, list } from '../../util/count.ts';
import { named } from './change.ts';

/** What a plan comes to, in one line. */
export function planned(plan: PlanView): string {
  const changes = count(plan.changes.length, 'change');
  switch (plan.to) {
    case 'nothing':
      return `nothing to do: generation ${plan.base} is active and as it should be`;
    case 'repair':
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
    case 'doctor':
      return report.generation;
    case 'history':
      return report.active;
    case 'lock':
      return null;
    default:
      return unreachable(report);
  }
}

const BECAUSE = {
  always: 'the playbook says at each deploy',
  prepared: 'what the host has for it changes',
  altered: 'its code was changed on the host',
  unknown: 'what it uses is not on record yet',
} as const;

/** What a plan does to units of the app, a line each; those that go on as they are stand in the last one. */
export function unitActions({ units, runtime }: Pick<PlanView, 'units' | 'runtime'>): readonly string[] {
  const left = units.flatMap((one) => (one.do === 'leave' ? [one.unit] : []));
  return [
    ...units.flatMap((one) => {
      if (one.do === 'leave') return [];
      if (one.do === 'stop') return [`stop ${one.unit}`];
      if (one.do === 'start') return [`start ${one.unit}${one.because === 'down' ? ' (it is down)' : ''}`];
      const { because, more } = one;
      const why = typeof because === 'string' ? BECAUSE[because] : named(because, runtime);
      return [`${one.do} ${one.unit}: ${why}${more === 0 ? '' : ` and ${count(more, 'more change')}`}`];
    }),
    ...(left.length === 0 ? [] : [`leave alone: ${list(left)}`]),
  ];
}

/** What a plan does to units of the host that have names of the app's, a line each. */
export const hostUnits = ({ replaces, returns }: Pick<PlanView, 'replaces' | 'returns'>): readonly string[] => [
  ...replaces.map(replaced),
  ...returns.map((one) => `${one.unit} of the host comes back, ${standing(one)}`),
];

function replaced(one: Namesake): string {
  const { startedBy, neededBy } = one;
  return [
    `replaces ${one.unit} of the host, ${standing(one)}`,
    ...(startedBy.length === 0
      ? []
      : [`${list(startedBy)} of the host ${startedBy.length === 1 ? 'starts' : 'start'} ours then`]),
    ...(neededBy.length === 0 ? [] : [`what needs it is started again with ours: ${list(neededBy)}`]),
    'it comes back as it is now once ours is gone',
  ].join('; ');
}

/** Its state where it runs and starts at boot, as systemd says it, and where it is defined. */
function standing({ unit, state, running, path }: Aside): string {
  const runs = unit.includes('@.') ? `${running} of it running` : 'running';
  return `${running > 0 ? runs : 'not running'}, ${state === '-' ? 'not enabled' : state} (${path})`;
}
