import { fail, ok, type Result } from '../model/outcome.ts';

/** What is wrong with a hole, and where in the text it begins. */
export type HoleTrouble = {
  readonly offset: number;
  readonly length: number;
  readonly message: string;
  readonly hint: string | null;
};

/** Gives a name's text. A failure says why there is none. */
export type Lookup = (name: string) => Result<string, { readonly message: string; readonly hint: string | null }>;

const HOLE = /\{\{(.*?)\}\}/g;
const BRACES = /^\s*(['"])\{\{\1\s*$/;
const NAME = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*$/;
const ESCAPE = `for the braces themselves write {{ '{{' }}`;
const NOT_A_NAME = { message: 'between "{{" and "}}" must stand one name', hint: ESCAPE };

export const hasHole = (text: string): boolean => text.includes('{{');

/** Whether the text is one hole and nothing else, so that a number may stand for what it is filled with. */
export const isWholeHole = (text: string): boolean => /^\s*\{\{[^{}]*\}\}\s*$/.test(text);

/**
 * Fills each `{{ name }}`; `{{ '{{' }}` stands for two braces. What is filled in is not looked at again. Whatever is
 * wrong is reported, all of it at once.
 */
export function fillText(text: string, lookup: Lookup): Result<string, readonly HoleTrouble[]> {
  const troubles: HoleTrouble[] = [];
  let filled = '';
  let end = 0;
  const literal = (piece: string) => {
    const open = piece.indexOf('{{');
    if (open !== -1) troubles.push({ offset: end + open, length: 2, message: 'this "{{" is not closed', hint: ESCAPE });
    filled += piece;
  };
  for (const match of text.matchAll(HOLE)) {
    literal(text.slice(end, match.index));
    end = match.index + match[0].length;
    const inside = match[1] ?? '';
    const name = NAME.exec(inside)?.[1];
    const found = BRACES.test(inside) ? ok('{{') : name === undefined ? fail(NOT_A_NAME) : lookup(name);
    if (found.ok) filled += found.value;
    else troubles.push({ offset: match.index, length: match[0].length, ...found.failure });
  }
  literal(text.slice(end));
  return troubles.length > 0 ? fail(troubles) : ok(filled);
}
