import type { RuntimeName } from '../../model/facts.ts';
import { type Part, partName } from '../../model/part.ts';
import type { Change, PlanView } from '../../model/plan.ts';
import { drifted } from './drift.ts';

const ORDER: Readonly<Record<Change['sign'], number>> = { '+': 0, '~': 1, '-': 2, '!': 3 };

/** Changes by sign: what comes, changes, goes and is put right; each group in the order of the plan. */
export const inOrder = (changes: PlanView['changes']): PlanView['changes'] =>
  [...changes].sort((a, b) => ORDER[a.sign] - ORDER[b.sign]);

/** A change in words for whoever wrote the playbook. */
export function changed(change: Change, { runtime }: Pick<PlanView, 'runtime'>): string {
  if ('drift' in change) return drifted(change.drift);
  return 'step' in change ? change.step : named(change.part, change.sign === '-' ? null : runtime);
}

/** The same in one text that names a part as the records of hosts do: what JSON has. */
export const changeText = (change: Change): string =>
  'part' in change ? partName(change.part) : 'step' in change ? change.step : drifted(change.drift);

export function named(part: Part, runtime: RuntimeName | null): string {
  switch (part.kind) {
    case 'runtime':
      return `what runs the services${runtime === null ? '' : `: ${runtime}`}`;
    case 'layout':
      return "the app's root folder, account and data folders";
    case 'env':
      return 'secrets (.env)';
    case 'enabled':
      return 'which units run and start at boot';
    case 'code':
      return part.name === '.' ? 'code' : `code in ${part.name}`;
    case 'before':
      return `command before the start: ${part.name}`;
    case 'run':
      return `command while building the release: ${part.name}`;
    default:
      return partName(part);
  }
}
