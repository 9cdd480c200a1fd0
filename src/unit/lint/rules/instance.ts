import { dropInFolder, isTemplate, templateOf } from '../../syntax/name.ts';
import { error, PLAYBOOK } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** An instance that is enabled, of a template that no task brings: there would be nothing to start. */
export const instance: Rule = ({ units, enable }) => {
  const names = units.map(({ path }) => path).filter((path) => dropInFolder(path) === null);
  const orphans = enable.filter((unit) => templateOf(unit) !== null && !names.includes(unit));
  const wanted = [...new Set(orphans.map((unit) => templateOf(unit) ?? unit))];
  return wanted
    .filter((template) => !names.includes(template))
    .map((template) => ({
      ...error('instance', PLAYBOOK, {
        message: `no units task brings ${template}`,
        why: `nothing says what ${orphans.find((unit) => templateOf(unit) === template)} runs`,
        fix: `put ${template} into the folder of a units task`,
      }),
      unknown: { word: template, known: names.filter(isTemplate) },
    }));
};
