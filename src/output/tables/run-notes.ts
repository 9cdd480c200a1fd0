import type { FleetEvent } from '../../model/events.ts';
import type { CheckResult, Phase } from '../../model/outcome.ts';
import type { PlanView } from '../../model/plan.ts';
import { bystanders } from '../messages/beside.ts';
import { awayFor, formatEvent } from '../messages/event.ts';
import { warningsOf } from '../messages/failures/login-account.ts';
import { wasBegun } from '../messages/outcome.ts';
import { hostUnits } from '../messages/plan.ts';
import { changedByHand } from '../messages/work.ts';
import { checksOf } from './checks.ts';
import type { Row } from './group.ts';

/** Milliseconds. */
type Spent = { readonly phase: Phase; readonly ms: number };
type Remark = Row & { readonly text: string };

/** What was heard during the run and is told at its end. */
export interface RunNotes {
  on(event: FleetEvent): void;
  planOf(row: Row): PlanView | undefined;
  /** The last answer of each check, in the order in which they were first asked. */
  checks(row: Row): readonly CheckResult[];
  /** In their order; one that came twice is there once. */
  phases(row: Row): readonly Spent[];
  /** Notes, and the warnings of plans and checks that are not themselves shown at the end. */
  remarks(): readonly Remark[];
}

export const rowKey = ({ host, app }: Row): string => `${host}\0${app}`;

export function collectNotes(): RunNotes {
  const plans = new Map<string, PlanView>();
  const checks = new Map<string, Map<string, CheckResult>>();
  const begun = new Map<string, { readonly phase: Phase; readonly at: number }>();
  const spent = new Map<string, Map<Phase, number>>();
  const enter = (key: string, phase: Phase | null, at: number) => {
    const before = begun.get(key);
    const own = spent.get(key) ?? new Map<Phase, number>();
    if (before !== undefined) own.set(before.phase, (own.get(before.phase) ?? 0) + at - before.at);
    spent.set(key, own);
    if (phase !== null) begun.set(key, { phase, at });
  };
  const shown = new Set<string>();
  const remarks: (Remark & { readonly of: 'plan' | 'check' | 'run' })[] = [];
  return {
    on(event) {
      const row = { host: event.host, app: event.app };
      const key = rowKey(row);
      if (event.type === 'phase') enter(key, event.phase, event.at);
      if (event.type === 'check') checks.set(key, (checks.get(key) ?? new Map()).set(event.result.check, event.result));
      if (event.type === 'ended') {
        enter(key, null, event.at);
        const isTold = wasBegun(event.outcome);
        if (event.outcome.end === 'planned' || isTold) shown.add(`plan\0${key}`);
        if (checksOf(event.outcome).length > 0 || isTold) shown.add(`check\0${key}`);
      }
      if (event.type === 'planned') {
        plans.set(key, event.plan);
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
    checks: (row) => [...(checks.get(rowKey(row))?.values() ?? [])],
    phases: (row) => [...(spent.get(rowKey(row)) ?? [])].map(([phase, ms]) => ({ phase, ms })),
    remarks: () => remarks.filter((remark) => !shown.has(`${remark.of}\0${rowKey(remark)}`)),
  };
}
