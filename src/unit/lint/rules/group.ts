import { PULLS, partOfMembers } from '../../graph/graph.ts';
import { settingsOf } from '../../settings/settings.ts';
import { templateOf, unitType } from '../../syntax/name.ts';
import { SYSTEM_SPECIFIERS } from '../../syntax/specifiers.ts';
import { warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** part-of: stopping a target stops those units only that say PartOf=. */
export const group: Rule = ({ units, effective, place }) => {
  const names = effective.map(({ name }) => name);
  const words = (unit: (typeof effective)[number], section: string, keys: readonly string[]) =>
    keys.flatMap((key) => settingsOf(unit, SYSTEM_SPECIFIERS).words(section, key));
  const members = (target: (typeof effective)[number]) =>
    effective.filter(
      (unit) =>
        unitType(unit.name) === 'service' &&
        (words(target, 'Unit', PULLS).some((name) => name === unit.name || name === templateOf(unit.name)) ||
          words(unit, 'Install', ['WantedBy', 'RequiredBy', 'UpheldBy']).includes(target.name)),
    );
  const targets = effective.filter(({ name }) => unitType(name) === 'target');
  return targets.flatMap((target) =>
    members(target)
      .filter(({ name }) => !partOfMembers(units, names, target.name).includes(name))
      .filter((unit) => words(unit, 'Unit', ['BindsTo']).every((name) => name !== target.name))
      .map((unit) =>
        warning('part-of', place({ file: unit.file, line: 1 }), {
          message: `${unit.name} belongs to ${target.name} without PartOf=${target.name}`,
          why: `\`systemctl stop ${target.name}\` and restart leave it running as it is`,
          fix: `add PartOf=${target.name} to [Unit]`,
        }),
      ),
  );
};
