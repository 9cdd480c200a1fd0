import type { EffectiveUnit } from '../settings/effective.ts';
import { parseBoolean, settingsOf } from '../settings/settings.ts';
import { unitType } from '../syntax/name.ts';
import { SYSTEM_SPECIFIERS } from '../syntax/specifiers.ts';

export type Node = { readonly name: string; readonly unit: EffectiveUnit | null };

export type StartOrder = {
  readonly names: readonly string[];
  /** Each cycle as `a → b → a`; the last arrow was dropped to go on. */
  readonly cycles: readonly string[];
};

/** What must be up before each unit, by After=, Before= and systemd's defaults. */
function predecessors(nodes: readonly Node[]): ReadonlyMap<string, ReadonlySet<string>> {
  const before = new Map(nodes.map(({ name }) => [name, new Set<string>()]));
  const soft: (readonly [first: string, then: string])[] = [];
  for (const { name, unit } of nodes) {
    if (!unit) continue;
    const settings = settingsOf(unit, SYSTEM_SPECIFIERS);
    for (const other of settings.words('Unit', 'After')) if (before.has(other)) before.get(name)?.add(other);
    for (const other of settings.words('Unit', 'Before')) before.get(other)?.add(name);
    if (!settings.scalar('Unit', 'DefaultDependencies', parseBoolean, true)) continue;

    const asked = ['WantedBy', 'RequiredBy'].flatMap((key) => settings.words('Install', key));
    for (const target of asked) if (unitType(target) === 'target') soft.push([name, target]);
    const pulled = ['Wants', 'Requires'].flatMap((key) => settings.words('Unit', key));
    if (unitType(name) === 'target') for (const other of pulled) soft.push([other, name]);
    const service = name.replace(/\.[^.]+$/, '.service');
    if (['socket', 'timer', 'path'].includes(unitType(name))) soft.push([name, service]);
  }
  // A target waits for what it pulls in, unless somebody said the opposite.
  for (const [first, then] of soft)
    if (!before.get(first)?.has(then) && before.has(first)) before.get(then)?.add(first);
  for (const [name, set] of before) set.delete(name);
  return before;
}

/** Sorts units so that each comes after what it waits for; where nothing is said, the given order stays. */
export function startOrder(nodes: readonly Node[]): StartOrder {
  const before = predecessors(nodes);
  const names: string[] = [];
  const cycles: string[] = [];
  const done = new Set<string>();

  const visit = (name: string, trail: readonly string[]): void => {
    if (done.has(name)) return;
    const start = trail.indexOf(name);
    if (start !== -1) {
      cycles.push([...trail.slice(start), name].join(' → '));
      return;
    }
    for (const other of before.get(name) ?? []) visit(other, [...trail, name]);
    if (done.has(name)) return;
    done.add(name);
    names.push(name);
  };
  for (const { name } of nodes) visit(name, []);
  return { names, cycles };
}
