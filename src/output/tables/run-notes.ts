import type { FleetEvent } from '../../model/events.ts';
import type { PlanView } from '../../model/plan.ts';
import { bystanders } from '../messages/beside.ts';
import { awayFor, formatEvent } from '../messages/event.ts';
import { warningsOf } from '../messages/failures/login-account.ts';
import { hostUnits } from '../messages/plan.ts';
import { changedByHand } from '../messages/work.ts';
import { checksOf } from './checks.ts';
import type { Row } from './group.ts';

type Remark = Row & { readonly text: string };

/** What was heard during the run and is told at its end. */
export interface RunNotes {
  on(event: FleetEvent): void;
  planOf(row: Row): PlanView | undefined;
  /** Notes, and the warnings of plans and checks that are not themselves shown at the end. */
  remarks(): readonly Remark[];
}

export const rowKey = ({ host, app }: Row): string => `${host}\0${app}`;

export function collectNotes(): RunNotes {
  const plans = new Map<string, PlanView>();
  const shown = new Set<string>();
  const remarks: (Remark & { readonly of: 'plan' | 'check' | 'run' })[] = [];
  return {
    on(event) {
      const row = { host: event.host, app: event.app };
      if (event.type === 'ended' && event.outcome.end === 'planned') shown.add(`plan\0${rowKey(row)}`);
      if (event.type === 'ended' && checksOf(event.outcome).length > 0) shown.add(`check\0${rowKey(row)}`);
      if (event.type === 'planned') {
        plans.set(rowKey(row), event.plan);
        for (const text of changedByHand(event.plan.byHand)) remarks.push({ ...row, text, of: 'plan' });
        for (const text of hostUnits(event.plan)) remarks.push({ ...row, text, of: 'plan' });
        for (const text of [...bystanders(event.plan), ...warningsOf(event.plan)])
          remarks.push({ ...row, text: `warning: ${text}`, of: 'plan' });
      }
      if (event.type === 'check' && event.result.warning === true)
        remarks.push({ ...row, text: `warning: ${event.result.check}: ${event.result.detail}`, of: 'check' });
      if (event.type === 'away') remarks.push({ ...row, text: awayFor(event), of: 'run' });
      if (event.type === 'again') remarks.push({ ...row, text: formatEvent(event), of: 'run' });
      if (event.type === 'note') remarks.push({ ...row, text: event.text, of: 'run' });
    },
    planOf: (row) => plans.get(rowKey(row)),
    remarks: () => remarks.filter((remark) => !shown.has(`${remark.of}\0${rowKey(remark)}`)),
  };
}
