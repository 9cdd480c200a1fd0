import { dropInFolder, isTemplate, templateOf } from '../../syntax/name.ts';
import { warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** A drop-in for a unit that the set does not have: mostly a slip in the folder's name. */
export const orphan: Rule = ({ units, place }) => {
  const names = units.map(({ path }) => path).filter((path) => dropInFolder(path) === null);
  return units.flatMap(({ path }) => {
    const owner = dropInFolder(path);
    if (owner === null || names.includes(owner) || names.includes(templateOf(owner) ?? owner)) return [];
    // `x-.service.d` and `service.d` are for every unit whose name begins or ends so.
    if (!owner.includes('.') || /-@?\.\w+$/.test(owner)) return [];
    const near = names.filter((name) => !isTemplate(name));
    return [
      {
        ...warning('orphan', place({ file: path, line: 0 }), {
          message: `the drop-in is for ${owner}, which is none of these units`,
          why: 'it changes a unit of the host by that name, or nothing where there is none',
          fix: 'name the folder after the unit, with .d behind its whole name',
        }),
        unknown: { word: owner, known: near },
      },
    ];
  });
};
