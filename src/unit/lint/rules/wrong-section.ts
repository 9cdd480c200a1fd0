import { isKnown, sectionsOf } from '../../directives/directives.ts';
import { error } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** start-limit-section: a key in a section where systemd does not look for it, most of all StartLimitIntervalSec= in [Service]. */
export const wrongSection: Rule = ({ parsed, place }) =>
  parsed.flatMap(({ assignments }) =>
    assignments.flatMap((at) => {
      const home = sectionsOf(at.key).filter((section) => section !== at.section);
      if (isKnown(at.section, at.key) || home.length === 0) return [];
      const limit = at.key.startsWith('StartLimit');
      const rule = limit ? 'start-limit-section' : 'section';
      return [
        error(rule, place(at), {
          message: `${at.key}= does nothing in [${at.section}]`,
          why: limit
            ? 'systemd logs "Unknown key" and keeps its default of 10 s, so a service that crashes is restarted for ever; systemd-analyze verify still exits with 0'
            : 'systemd logs "Unknown key", ignores the line and starts the unit without it',
          fix: `move the line to [${home.includes('Unit') ? 'Unit' : home[0]}]`,
        }),
      ];
    }),
  );
