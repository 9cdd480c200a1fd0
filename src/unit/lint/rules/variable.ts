import { isKnown } from '../../directives/directives.ts';
import { error, warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

const EXPANDED = /^Exec/;
const PROSE = /^(Description|Documentation|StandardInputText|X-.*)$/;
const LIMIT = /^(Memory|CPU|Tasks|IO|Limit|BlockIO)/;

/** variable: only command lines have their variables replaced, so no limit can come from an env file. */
export const variable: Rule = ({ parsed, place }) =>
  parsed.flatMap(({ assignments }) =>
    assignments.flatMap((at) => {
      const { section, key, value } = at;
      if (EXPANDED.test(key) || PROSE.test(key) || !isKnown(section, key)) return [];
      const name = key === 'Environment' ? /\$\{\w+\}/.exec(value) : /\$\{?\w+\}?/.exec(value);
      if (name === null) return [];
      const drops = LIMIT.test(key) ? 'drops the line, so that there is no limit at all' : 'drops the line';
      return [
        (key === 'Environment' ? warning : error)('variable', place(at, 'value'), {
          message: `${key}= has the variable ${name[0]}`,
          why:
            key === 'Environment'
              ? 'systemd replaces variables in commands only, so the program gets the text as it stands'
              : `systemd replaces variables in commands only; here it takes the text as it stands and ${drops}`,
          fix: 'write the value; for one that differs use `template: true` with {{ name }}, or a drop-in of the instance such as x@1.service.d/limits.conf',
        }),
      ];
    }),
  );
