import { unreachable } from '../../model/outcome.ts';
import type { Change, PlanView } from '../../model/plan.ts';
import { list } from '../../util/count.ts';
import { bystanders } from '../messages/beside.ts';
import { changed, inOrder } from '../messages/change.ts';
import { warningsOf } from '../messages/failures/login-account.ts';
import { hostUnits, planned, unitActions } from '../messages/plan.ts';
import { changedByHand } from '../messages/work.ts';
import type { Paint } from '../text/paint.ts';
import { groupBy } from './group.ts';

type Sign = Change['sign'];
type Planned = { readonly name: string; readonly plan: PlanView };

function painted(sign: Sign, text: string, paint: Paint): string {
  switch (sign) {
    case '+':
      return paint.good(text);
    case '-':
      return paint.bad(text);
    case '~':
    case '!':
      return paint.warn(text);
    default:
      return unreachable(sign);
  }
}

/** One plan as a diff: a line for each change, then what to be warned of. */
export function planLines(plan: PlanView, paint: Paint): string[] {
  return [
    ...inOrder(plan.changes).map((change) => {
      const text = `${change.sign} ${changed(change, plan)}`;
      return `    ${painted(change.sign, text, paint)}`;
    }),
    ...unitActions(plan).map((text) => `    ${paint.dim(`> ${text}`)}`),
    ...changedByHand(plan.byHand).map((text) => `    ${paint.warn(`! ${text}`)}`),
    ...hostUnits(plan).map((text) => `    ${painted('!', `! ${text}`, paint)}`),
    ...[...bystanders(plan), ...warningsOf(plan)].map((text) => `    ${paint.warn(`warning: ${text}`)}`),
  ];
}

/** Plans of several hosts; hosts with the same plan are shown once. */
export function plans(all: readonly Planned[], paint: Paint): string[] {
  return groupBy(all, ({ plan }) => JSON.stringify(plan)).flatMap((group) => {
    const plan = group[0]?.plan;
    if (plan === undefined) return [];
    const names = list(group.map((host) => host.name));
    return ['', paint.strong(`${names} (${plan.runtime}): ${planned(plan)}`), ...planLines(plan, paint)];
  });
}
