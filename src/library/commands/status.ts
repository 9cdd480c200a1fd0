import { statusHost } from '../../engine/commands/report.ts';
import type { Summary } from '../../model/events.ts';
import { lastOf } from '../../monitor/readings.ts';
import type { Chosen } from '../choose.ts';
import { stateOf } from '../store.ts';

/** How a unit of an app stands on a host. */
export type UnitStatus = {
  readonly host: string;
  readonly app: string;
  readonly unit: string;
  /** active, inactive, failed …, as systemd names them, with systemd or without. */
  readonly state: string;
  readonly pid: number | null;
  readonly restarts: number;
  /** Of them those since `monitor` last looked; null where it has not. */
  readonly restartsSince: number | null;
  /** MiB; null where the host does not tell. */
  readonly memoryMb: number | null;
  /** What it may have at most. */
  readonly memoryMaxMb: number | null;
  /** Since when it is in its state; milliseconds since the epoch. */
  readonly since: number | null;
  /** Whose release it runs from. */
  readonly generation: number | null;
};

/** What is active, what is open, how the last change ended; changes nothing. */
export async function status(chosen: Chosen, verify: boolean) {
  const state = await stateOf(chosen.project);
  const results = await chosen.run((target, run) =>
    statusHost(target, run, { verify, before: lastOf(state, target.host, target.app) }),
  );
  const summary = await chosen.finish(results);
  return { ...summary, units: unitsIn(summary) };
}

/** The units of all hosts that could be looked at. */
export const unitsIn = ({ hosts }: Summary): readonly UnitStatus[] =>
  hosts.flatMap(({ host, app, outcome }) => {
    if (outcome.end !== 'reported' || outcome.report.kind !== 'status') return [];
    return outcome.report.units.map(({ unit, active, pid, restarts, restartsSince = null, living }) => ({
      ...{ host, app, unit, state: active, restarts, restartsSince },
      pid: pid > 0 ? pid : null,
      memoryMb: mebibytes(living?.memory),
      memoryMaxMb: mebibytes(living?.memoryMax),
      since: living?.since ?? null,
      generation: living?.generation ?? null,
    }));
  });

const mebibytes = (bytes: number | null | undefined) => (bytes == null ? null : Math.round(bytes / 104_857.6) / 10);
