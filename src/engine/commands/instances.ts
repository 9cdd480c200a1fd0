import type { UnitState } from '../../model/facts.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { instanceUnits } from '../../tasks/instances/instances.ts';
import { templateOf } from '../../unit/syntax/name.ts';
import type { HostRun } from '../run.ts';
import { statusHost } from './report.ts';

/** The instances of a template that the project wants. */
export type Wanted = { readonly of: string; readonly names: readonly string[] };

const ABSENT: Omit<UnitState, 'unit'> = {
  ...{ active: 'absent', sub: 'not deployed', pid: 0, restarts: 0, result: '', status: 0 },
};

/** `fleet status` of the instances alone: those that the project wants, there or not, and what is there besides. */
export async function instancesHost(target: HostTarget, wanted: readonly Wanted[], run: HostRun): Promise<HostOutcome> {
  const outcome = await statusHost(target, run);
  if (outcome.end !== 'reported' || outcome.report.kind !== 'status') return outcome;
  const { report } = outcome;
  const there = report.units.filter(({ unit }) => wanted.some(({ of }) => templateOf(unit) === of));
  const missing = wanted
    .flatMap(instanceUnits)
    .filter((unit) => there.every((one) => one.unit !== unit))
    .map((unit) => ({ ...ABSENT, unit }));
  return { ...outcome, report: { ...report, units: [...there, ...missing] } };
}

/** Whether a host is, or may be, as it was to be behind a deploy. */
export const mayStand = ({ end }: HostOutcome): boolean =>
  end === 'deployed' || end === 'unchanged' || end === 'unknown' || end === 'stuck';
