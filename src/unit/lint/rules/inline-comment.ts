import { isKnown, kindOf } from '../../directives/directives.ts';
import { command } from '../../directives/kinds/kind.ts';
import { splitWords } from '../../syntax/words.ts';
import { error, warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** Prose and arguments, in which # may well be meant. */
const FREE = /^(Description|Documentation|SyslogIdentifier|StandardInputText|LogExtraFields|X-.*)$/;

/** inline-comment: systemd knows comments on lines of their own only. */
export const inlineComment: Rule = ({ parsed, place }) =>
  parsed.flatMap(({ assignments }) =>
    assignments.flatMap((at) => {
      if (FREE.test(at.key) || !isKnown(at.section, at.key)) return [];
      const fix = 'put the comment on a line of its own, above the setting';
      if (kindOf(at.section, at.key) === command) {
        // A # inside quotes belongs to a shell; one that stands free is an argument of the program.
        const free = /(^|\s)#/.test(at.value) && splitWords(at.value, 'c').words.includes('#');
        const why = 'systemd passes it to the program, as arguments';
        return free
          ? [warning('inline-comment', place(at, 'value'), { message: `a comment behind ${at.key}=`, why, fix })]
          : [];
      }
      const bare = at.value.replace(/"[^"]*"|'[^']*'/g, '""');
      if (!/(^|\s)(#|;(\s|$))/.test(bare)) return [];
      return [
        error('inline-comment', place(at, 'value'), {
          message: `a comment behind ${at.key}=`,
          why: 'systemd takes it for a part of the value and drops the whole setting; systemd-analyze verify still exits with 0',
          fix,
        }),
      ];
    }),
  );
