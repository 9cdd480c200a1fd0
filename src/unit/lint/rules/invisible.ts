import { error } from '../finding.ts';
import type { Rule } from '../subject.ts';

/** Control characters besides tab and line ends, and the spaces and marks that look like nothing or like a blank. */
const INVISIBLE = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00a0\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]/;

/** invisible-character: what an editor does not show becomes part of a key, a path or an argument. */
export const invisible: Rule = ({ parsed, logrotate }) =>
  // systemd passes over a mark at the start of a file, logrotate does not.
  [...parsed.map(({ source: { file, text } }) => ({ file, text: text.replace(/^\ufeff/, '') })), ...logrotate].flatMap(
    ({ file, text }) =>
      text.split(/\r\n|\n/).flatMap((content, i) => {
        const found = INVISIBLE.exec(content);
        if (found === null) return [];
        const code = found[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
        return [
          error(
            'invisible-character',
            { file, line: i + 1, column: found.index + 1 },
            {
              message: `an invisible character (U+${code}) in the line`,
              why: 'it becomes part of the word that it touches, so that a path or a name is not the one that you see',
              fix: 'type the line anew; such characters come with text pasted from web pages and documents',
            },
          ),
        ];
      }),
  );
