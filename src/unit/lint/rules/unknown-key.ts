import { directive, isKnown, keysOf, sectionsOf } from '../../directives/directives.ts';
import { error, type Finding, warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** A key that no systemd reads anywhere: mostly a slip of the pen. */
export const unknownKey: Rule = ({ parsed, place }) =>
  parsed.flatMap(({ assignments }): readonly Finding[] => [
    ...assignments
      .filter(({ section, key }) => directive(section, key)?.removed)
      .map((at) =>
        warning('key', place(at), {
          message: `${at.key}= was taken out of systemd`,
          why: 'systemd logs a line and does nothing with it',
          fix: 'remove the line',
        }),
      ),
    ...assignments
      .filter(({ section, key }) => !isKnown(section, key) && sectionsOf(key).length === 0)
      .map((at) => ({
        ...error('key', place(at), {
          message: `unknown key ${at.key}= in [${at.section}]`,
          why: 'systemd logs a line, ignores the setting and starts the unit without it',
          fix: 'correct the name; a key for other programs begins with X-',
        }),
        unknown: { word: at.key, known: keysOf(at.section) },
      })),
  ]);
