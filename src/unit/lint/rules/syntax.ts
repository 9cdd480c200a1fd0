import { error } from '../finding.ts';
import type { Rule } from '../subject.ts';

const IGNORED = 'systemd logs a line and goes on without it';
const REFUSED = 'systemd refuses to load the unit';

/** What reading the files and services found wrong. */
export const syntax: Rule = ({ parsed, services, place }) =>
  [...parsed, ...services]
    .flatMap(({ problems }) => problems)
    .map((problem) => {
      // A word of Environment= may be a secret.
      const message = problem.message.replace(/^(Environment: ).* is no NAME=value/, '$1a word is no NAME=value');
      return error('syntax', place(problem), {
        message,
        why: problem.effect === 'refused' ? REFUSED : IGNORED,
        cure: 'correct the line',
      });
    });
