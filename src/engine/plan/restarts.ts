import type { ProbeReply } from '../../host/facts.ts';
import type { Drift } from '../../model/facts.ts';
import { parsePart } from '../../model/part.ts';
import type { Plan, UnitAction, Use } from '../../model/plan.ts';
import { unitType } from '../../unit/syntax/name.ts';
import type { Parts } from './parts.ts';

type After = { readonly start: readonly string[]; readonly uses: readonly Use[]; readonly parts: Parts };

/**
 * What the switch will do to each unit that the app starts. The host decides by the same rule from the two records
 * (`restarts.sh`), so this is what the reader is told and nothing more.
 */
export function actionsOf(plan: Plan, after: After, probe: ProbeReply): readonly UnitAction[] {
  if (plan.to === 'nothing') return [];
  const { facts } = probe;
  const stated = new Map(probe.units.map((unit) => [unit.unit, unit]));
  // A generation of before there were such lists, another runtime, nothing at all: everything begins anew.
  const known = facts.active !== 0 && probe.uses.length > 0 && runtimeOf(plan, probe) === probe.runtime;
  const differs = differing(plan, after, probe);
  const action = (unit: string): UnitAction => {
    const state = stated.get(unit);
    if (facts.active === 0 || state === undefined) return { unit, do: 'start', because: 'new' };
    if (state.active !== 'active' && state.active !== 'reloading' && !isDone(unit, facts.drift, state))
      return { unit, do: 'start', because: 'down' };
    if (unitType(unit) === 'target') return { unit, do: 'leave' };
    if (!known) return { unit, do: 'restart', because: 'unknown', more: 0 };
    if (plan.prepare.length > 0) return { unit, do: 'restart', because: 'prepared', more: 0 };
    const uses = [...after.uses, ...probe.uses].filter((use) => use.unit === unit);
    if (uses.some(({ how }) => how === 'always')) return { unit, do: 'restart', because: 'always', more: 0 };
    const hit = uses.filter(({ part }) => differs.has(part));
    const [first] = hit;
    if (first === undefined) return { unit, do: 'leave' };
    const reload = hit.every(({ how }) => how === 'reload') && probe.runtime === 'systemd';
    const more = new Set(hit.map(({ part }) => part)).size - 1;
    const altered = differs.get(first.part) === 'altered';
    return {
      unit,
      do: reload ? 'reload' : 'restart',
      because: altered ? 'altered' : parsePart(first.part),
      more,
    };
  };
  const gone = probe.units.filter((unit) => unit.startedBy === undefined && !after.start.includes(unit.unit));
  return [...after.start.map(action), ...gone.map(({ unit }): UnitAction => ({ unit, do: 'stop' }))];
}

const runtimeOf = (plan: Exclude<Plan, { to: 'nothing' }>, probe: ProbeReply) =>
  plan.to === 'advance' ? plan.runtime : probe.runtime;

/** A oneshot that has done its work is down and well. */
const isDone = (unit: string, drift: readonly Drift[], { active, result }: { active: string; result: string }) =>
  active === 'inactive' && result === 'success' && !drift.some((one) => one.kind === 'down' && one.unit === unit);

/** Parts that are not as on the host, and of code whether it was changed there. */
function differing(plan: Plan, { parts }: After, probe: ProbeReply): ReadonlyMap<string, 'changed' | 'altered'> {
  const names = new Set([...parts.keys(), ...probe.parts.keys()]);
  const found = new Map<string, 'changed' | 'altered'>();
  const { altered, drift } = probe.facts;
  for (const name of names) {
    if (altered.length > 0 && name.startsWith('code ')) found.set(name, 'altered');
    else if (plan.to === 'advance' && parts.get(name) !== probe.parts.get(name)) found.set(name, 'changed');
  }
  for (const one of drift) if (one.kind === 'changed') for (const name of partsAt(one.path)) found.set(name, 'changed');
  return found;
}

/** What a changed path on the host may be called as a part. */
const partsAt = (path: string): readonly string[] => [
  `file ${path}`,
  ...(path.endsWith('/.env') ? ['.env'] : []),
  ...(path.startsWith('/etc/systemd/system/') ? [`unit ${path.slice('/etc/systemd/system/'.length)}`] : []),
];
