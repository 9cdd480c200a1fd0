import { kindOf } from '../../directives/directives.ts';
import { command, variables } from '../../directives/kinds/kind.ts';
import { instantiate, unitOfFile } from '../../syntax/name.ts';
import type { Assignment } from '../../syntax/parse.ts';
import { resolveSpecifiers, SYSTEM_SPECIFIERS, unknownSpecifier } from '../../syntax/specifiers.ts';
import { error, type Words } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** Values that are not for everybody's eyes. */
const PRIVATE = /^(SetCredential|StandardInput|Environment$|LogExtraFields)/;

/** A value that systemd would drop: for a boolean, a time, a size, a signal, a name out of a list, a path. */
export const badValue: Rule = ({ parsed, place, instanceFor }) =>
  parsed.flatMap(({ file, assignments }) =>
    assignments.flatMap((at) => {
      const words = at.value === '' ? null : wrong(at, instanceFor(file) ?? unitOfFile(file));
      return words === null ? [] : [error('value', place(at, 'value'), words)];
    }),
  );

function wrong({ section, key, value }: Assignment, unit: string): Words | null {
  const kind = kindOf(section, key);
  if (kind === undefined) return null;
  const why =
    // A section for `systemctl enable` alone.
    section === 'Install'
      ? '`systemctl enable` refuses the unit'
      : 'systemd logs a line, ignores the setting and starts the unit without it';
  const { text, unresolved, unknown } = kind.resolves
    ? resolveSpecifiers(value, unit.includes('@.') ? instantiate(unit, '') : unit, SYSTEM_SPECIFIERS)
    : { text: value, unresolved: [], unknown: [] };
  if (unknown.length > 0 && kind !== command && kind !== variables)
    return { message: `${key}=${unknownSpecifier(value)}`, why, fix: 'write "%%"' };
  // What stands behind %H is the host's to know, and behind %i of a template nobody's yet.
  const open = unresolved.length > 0 || (kind.resolves && unit.includes('@.') && /%[fiIjJ]/.test(value));
  const nothing = text === '' && kind.culprits !== undefined && key !== 'Documentation';
  if (open || (kind.takes(text) && !nothing)) return null;
  const [word] = kind.culprits?.(text) ?? [];
  const hidden = PRIVATE.test(key);
  const part = word === undefined || word === text || hidden ? '' : ` (${word})`;
  const list = kind.culprits === undefined ? '' : 'a list of which each is ';
  return {
    message: `${key}=${hidden ? '' : value} is not ${list}${kind.expected}${part}`,
    why,
    fix: 'correct the value',
  };
}
