import type { UnitFile } from '../../model/plan.ts';
import { type EffectiveUnit, effectiveUnit } from '../settings/effective.ts';
import { settingsOf } from '../settings/settings.ts';
import { dropInFolder, instantiate, isTemplate, unitName, unitType } from '../syntax/name.ts';
import { SYSTEM_SPECIFIERS } from '../syntax/specifiers.ts';
import { startOrder } from './order.ts';

export type Expansion = {
  /** Every unit that activation must bring up and watch, in start order. */
  readonly start: readonly string[];
  /** Every unit to enable: the named ones and those that they pull in by [Install]. */
  readonly enable: readonly string[];
  /** Named, but none of the files makes them. */
  readonly missing: readonly string[];
  /** In words: ordering cycles, templates without an instance, units that nothing starts. */
  readonly problems: readonly string[];
};

/** The directives by which a unit has others started with it. */
export const PULLS: readonly string[] = ['Wants', 'Requires', 'BindsTo', 'Upholds'];
const INSTALLS = ['WantedBy', 'RequiredBy', 'UpheldBy'];

const words = (unit: EffectiveUnit, section: string, keys: readonly string[]): readonly string[] => {
  const settings = settingsOf(unit, SYSTEM_SPECIFIERS);
  return keys.flatMap((key) => settings.words(section, key));
};

/** The units that the files of a set make by themselves; a template counts as its default instance, if it has one. */
function standing(units: readonly UnitFile[]): readonly EffectiveUnit[] {
  const names = units.filter((unit) => dropInFolder(unit.path) === null).map((unit) => unit.path);
  return names.flatMap((name) => {
    const unit = effectiveUnit(units, name);
    if (!unit || !isTemplate(name)) return unit ? [unit] : [];
    const [instance] = words(unit, 'Install', ['DefaultInstance']);
    const made = instance === undefined ? null : effectiveUnit(units, instantiate(name, instance));
    return made ? [made] : [];
  });
}

/** Units of the set that stop and restart with `name` (PartOf=). */
export function partOfMembers(units: readonly UnitFile[], names: readonly string[], name: string): readonly string[] {
  return names.filter((other) => {
    const unit = effectiveUnit(units, other);
    return unit !== null && words(unit, 'Unit', ['PartOf']).includes(name);
  });
}

/**
 * What enabling some units of a set comes to: an enabled unit pulls in what it wants or requires, and the units of the
 * set that ask to be started with it; where one of those is named as well, only the named ones. All of it in the order
 * that After= and Before= demand.
 */
export function expandServices(units: readonly UnitFile[], enable: readonly string[]): Expansion {
  const own = standing(units);
  const found = new Map<string, EffectiveUnit | null>();
  const enabled = new Set<string>();
  const problems: string[] = [];
  const joining = (name: string) => {
    const all = own.filter((other) => words(other, 'Install', INSTALLS).includes(name));
    const chosen = enable.flatMap((named) => all.filter((other) => other.name === unitName(named)));
    return chosen.length > 0 ? chosen : all;
  };

  const add = (name: string, on: boolean): void => {
    if (on) enabled.add(name);
    if (found.has(name)) return;
    const unit = isTemplate(name) ? null : effectiveUnit(units, name);
    if (!unit && !on) return;
    if (isTemplate(name)) {
      const instance = own.find((other) => other.file === name);
      enabled.delete(name);
      if (instance) add(instance.name, on);
      else problems.push(`${name} is a template: name an instance, such as ${instantiate(name, '1')}`);
      return;
    }
    found.set(name, unit);
    if (!unit) return;
    for (const pulled of words(unit, 'Unit', PULLS)) add(pulled, false);
    for (const other of words(unit, 'Install', ['Also'])) add(unitName(other), true);
    for (const other of joining(name)) add(other.name, true);
  };
  for (const name of enable) add(unitName(name), true);

  for (const unit of own) {
    const { name } = unit;
    const whole = [...found.keys()].filter((other) => unitType(other) === 'target');
    const asks = (target: string) => words(unit, 'Install', INSTALLS).includes(target);
    const lonely = (target: string) => partOfMembers(units, [name], target).length > 0 && !asks(target);
    const group = found.has(name) ? undefined : whole.find(lonely);
    if (group) problems.push(`${name} is part of ${group}, but nothing starts it: add WantedBy=${group} to [Install]`);
  }
  const order = startOrder([...found].map(([name, unit]) => ({ name, unit })));
  return {
    start: order.names,
    enable: [...enabled],
    missing: [...found].flatMap(([name, unit]) => (unit ? [] : [name])),
    problems: [...problems, ...order.cycles.map((cycle) => `After= and Before= go round in a circle: ${cycle}`)],
  };
}
