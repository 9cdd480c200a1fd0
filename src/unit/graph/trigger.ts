import type { UnitFile } from '../../model/plan.ts';
import { type EffectiveUnit, effectiveUnit } from '../settings/effective.ts';
import { parseBoolean, settingsOf } from '../settings/settings.ts';
import { dropInFolder, isTemplate, prefixOf, unitType } from '../syntax/name.ts';
import { SYSTEM_SPECIFIERS } from '../syntax/specifiers.ts';
import { PULLS } from './graph.ts';

/** A socket, timer or path, and a unit of the same set that runs when it is its turn; a template runs once for each connection. */
export type Trigger = { readonly trigger: string; readonly unit: string };

const sibling = (name: string) => name.replace(/\.[^.]+$/, '.service');

/** The unit that a trigger names, or the one by systemd's default; null for a unit that is no trigger. */
function namedBy(unit: EffectiveUnit): string | null {
  const settings = settingsOf(unit, SYSTEM_SPECIFIERS);
  const last = (section: string, key: string) => settings.words(section, key).at(-1) ?? sibling(unit.name);
  switch (unitType(unit.name)) {
    case 'timer':
      return last('Timer', 'Unit');
    case 'path':
      return last('Path', 'Unit');
    case 'socket':
      if (settings.scalar('Socket', 'Accept', parseBoolean, false)) return `${prefixOf(unit.name)}@.service`;
      return last('Socket', 'Service');
    default:
      return null;
  }
}

/**
 * What the triggers among the started units have run, of the set's own: the unit that each names, services that ask for a
 * socket by Sockets=, and what those pull in. Units that are started anyway are not among them.
 */
export function triggersOf(units: readonly UnitFile[], start: readonly string[]): readonly Trigger[] {
  const services = units.map(({ path }) => path).filter((path) => dropInFolder(path) === null && !isTemplate(path));
  const wordsOf = (name: string, section: string, keys: readonly string[]) => {
    const unit = effectiveUnit(units, name);
    const settings = unit === null ? null : settingsOf(unit, SYSTEM_SPECIFIERS);
    return settings === null ? [] : keys.flatMap((key) => settings.words(section, key));
  };
  return start.flatMap((trigger) => {
    const unit = effectiveUnit(units, trigger);
    const named = unit === null ? null : namedBy(unit);
    if (named === null) return [];
    const found = new Set<string>();
    const add = (name: string): void => {
      if (start.includes(name) || found.has(name) || effectiveUnit(units, name) === null) return;
      found.add(name);
      for (const pulled of wordsOf(name, 'Unit', PULLS)) add(pulled);
    };
    add(named);
    for (const name of services) if (wordsOf(name, 'Service', ['Sockets']).includes(trigger)) add(name);
    return [...found].map((name) => ({ trigger, unit: name }));
  });
}
