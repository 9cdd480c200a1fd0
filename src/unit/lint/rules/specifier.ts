import { kindOf } from '../../directives/directives.ts';
import { command, variables } from '../../directives/kinds/kind.ts';
import { error, warning } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** Letters that a date format uses and systemd too, with another meaning; a name's parts are left out. */
const LETTER = '[aAbBCdDeFgGhHIklmMqsStTuUVwWyYzZ]';
const FORMAT = new RegExp(String.raw`(?:^|[\s"'=(])(\+[^\s%"']*%${LETTER})|(%${LETTER}[-:/_.T ]%${LETTER})`);
const DATE = /(^|[\s/"'`(;|&])date\s/;

/** A percent sign of a date format, which systemd takes for its own. */
export const specifier: Rule = ({ parsed, place }) =>
  parsed.flatMap(({ assignments }) =>
    assignments.flatMap((at) => {
      const kind = kindOf(at.section, at.key);
      if (kind !== command && kind !== variables) return [];
      const found = FORMAT.exec(at.value.replace(/%%/g, '\0'));
      if (found === null) return [];
      const format = (found[1] ?? found[2] ?? '').replace(/\0/g, '%%');
      return [
        (DATE.test(at.value) ? error : warning)('specifier', place(at, 'value'), {
          message: `${at.key}= has the date format ${at.key === 'Environment' ? '' : `${format} `}with single percent signs`,
          why: 'systemd replaces them first: %m is the id of the machine, %s a shell, %H the name of the host, and of some letters it knows nothing and drops the line',
          fix: 'write each percent sign of the format twice: +%%Y-%%m-%%d',
        }),
      ];
    }),
  );
