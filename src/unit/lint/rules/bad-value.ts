import { error } from '../finding.ts';
import type { Rule } from '../subject.ts';
import { PATH_LISTS, VALUE_KINDS } from '../value-kinds.ts';

/** A value that systemd would drop: for a boolean, a time, a size, a signal, a name out of a list, a path. */
export const badValue: Rule = ({ parsed, place }) =>
  parsed.flatMap(({ assignments }) =>
    assignments.flatMap((at) => {
      const kind = VALUE_KINDS.get(at.key);
      const relative = PATH_LISTS.has(at.key)
        ? at.value.split(/\s+/).find((path) => !/^["']?[-+]{0,2}[/%]/.test(path))
        : undefined;
      const wrong = kind !== undefined && !kind.takes(at.value.replace(/%%/g, '%')) && !/%[A-Za-z]/.test(at.value);
      if (at.value === '' || (!wrong && relative === undefined)) return [];
      return [
        error('value', place(at, 'value'), {
          message: `${at.key}=${at.value} is not ${kind?.expected ?? `a list of absolute paths (${relative})`}`,
          why: 'systemd logs a line, ignores the setting and starts the unit without it',
          cure: 'correct the value',
        }),
      ];
    }),
  );
