import type { FleetEvent } from '../../model/events.ts';
import type { PlanView } from '../../model/plan.ts';
import type { Row } from '../renderer.ts';

export type Remark = Row & { readonly text: string };

/** What was heard during the run and is told at its end. */
export interface Heard {
  on(event: FleetEvent): void;
  planOf(row: Row): PlanView | undefined;
  /** Notes, and the warnings of plans that are not themselves shown at the end. */
  remarks(): readonly Remark[];
}

export const rowKey = ({ host, app }: Row): string => `${host}\0${app}`;

export function listen(): Heard {
  const plans = new Map<string, PlanView>();
  const shown = new Set<string>();
  const remarks: (Remark & { readonly ofPlan: boolean })[] = [];
  return {
    on(event) {
      const row = { host: event.host, app: event.app };
      if (event.type === 'ended' && event.outcome.end === 'planned') shown.add(rowKey(row));
      if (event.type === 'planned') {
        plans.set(rowKey(row), event.plan);
        for (const text of event.plan.warnings) remarks.push({ ...row, text: `warning: ${text}`, ofPlan: true });
      }
      if (event.type === 'note') remarks.push({ ...row, text: event.text, ofPlan: false });
    },
    planOf: (row) => plans.get(rowKey(row)),
    remarks: () => remarks.filter((remark) => !(remark.ofPlan && shown.has(rowKey(remark)))),
  };
}
