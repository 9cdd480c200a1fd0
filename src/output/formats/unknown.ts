import { clean } from '../../util/sanitize.ts';

// Apart from the rest of the format: a command line that is wrong needs no more of it.

/** Columns of the first line: what a pager shows. */
export const LINE = 80;

/** Text of a plugin: a `|` begins the numbers. */
export const shown = (text: string): string => clean(text).replaceAll('|', '/');

/** What a plugin prints where no host could be asked, since the project or the command line is wrong: the whole below, where it is long. */
export function unknown(why: string): { readonly text: string; readonly code: 3 } {
  const [first = '', ...rest] = why.trim().split('\n').map(shown);
  const head = `FLEET UNKNOWN - ${first}`;
  const lines = head.length <= LINE ? [head, ...rest] : [`${head.slice(0, LINE - 1)}…`, first, ...rest];
  return { text: lines.slice(0, MOST).join('\n'), code: 3 };
}

const MOST = 20;
