import { kindOf } from '../../directives/directives.ts';
import { command } from '../../directives/kinds/kind.ts';
import { parseCommandLine } from '../../syntax/command-line.ts';
import { unitOfFile } from '../../syntax/name.ts';
import type { Problem } from '../../syntax/problem.ts';
import { resolveSpecifiers, SYSTEM_SPECIFIERS } from '../../syntax/specifiers.ts';
import { splitWords } from '../../syntax/words.ts';
import { error, warning } from '../finding.ts';
import type { Rule, Subject } from '../subject.ts';

const IGNORED = 'systemd logs a line and goes on without it';
const REFUSED = 'systemd refuses to load the unit';

/** What reading the files, their command lines and the services found wrong. */
export const syntax: Rule = (subject) => [
  ...[...subject.parsed, ...subject.services]
    .flatMap(({ problems }) => problems)
    .concat(commandLines(subject))
    .map((problem) => {
      const message = problem.veiled ?? problem.message;
      return error('syntax', subject.place(problem), {
        message,
        why: problem.effect === 'refused' ? REFUSED : IGNORED,
        fix: 'correct the line',
      });
    }),
  ...escapes(subject),
];

/** Every command line of every kind of unit, also one that a later line takes back: systemd reads it all the same. */
function commandLines({ parsed, instanceFor }: Subject): readonly Problem[] {
  return parsed.flatMap(({ file, assignments }) => {
    const unit = instanceFor(file) ?? unitOfFile(file);
    const resolve = (text: string) => {
      const { text: found, unknown } = resolveSpecifiers(text, unit, SYSTEM_SPECIFIERS);
      return unknown.length > 0 ? null : found;
    };
    return assignments.flatMap(({ section, key, value, line }): readonly Problem[] => {
      if (kindOf(section, key) !== command) return [];
      const { problem, forgiven } = parseCommandLine(value, resolve);
      return problem === null
        ? []
        : [{ file, line, message: `${key}: ${problem}`, effect: forgiven ? 'ignored' : 'refused' }];
    });
  });
}

/** `\$` and its like: a backslash that systemd keeps, most of all where a dollar sign was meant. */
const escapes = ({ parsed, place }: Subject) =>
  parsed.flatMap(({ assignments }) =>
    assignments.flatMap((at) => {
      const { key, section, value } = at;
      if (kindOf(section, key) !== command || !splitWords(value, 'c').unknownEscape) return [];
      const odd = unknownEscape(value);
      if (odd === null) return [];
      return [
        warning('syntax', place(at, 'value'), {
          message: `${key}= has \\${odd}, which is no escape of systemd`,
          why: 'the backslash stays as it is, and the program gets it',
          fix: odd === '$' ? 'write $$ for a dollar sign' : 'write \\\\ for a backslash',
        }),
      ];
    }),
  );

/** The first one; `\;` stands for the word. */
function unknownEscape(value: string): string | null {
  const known = /^\\(?:[abfnrtvs\\"']|x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|[0-7]{3}|;(?=\s|$))/i;
  for (let at = value.indexOf('\\'); at !== -1; ) {
    const rest = value.slice(at);
    const found = known.exec(rest)?.[0];
    if (found === undefined) return rest.charAt(1);
    at = value.indexOf('\\', at + found.length);
  }
  return null;
}
