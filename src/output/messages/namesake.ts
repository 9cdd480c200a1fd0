import type { Aside, Namesake } from '../../model/namesake.ts';
import type { PlanView } from '../../model/plan.ts';
import { list } from './count.ts';

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
