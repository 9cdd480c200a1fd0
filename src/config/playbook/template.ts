import { fail, ok, type Result } from '../../model/outcome.ts';

/** What is wrong with a placeholder, and where in the text it begins. */
export type PlaceholderTrouble = {
  readonly offset: number;
  readonly length: number;
} & NoText;

/** Why a name has no text. `circle`: vars that need each other, all of which it names. */
type NoText = { readonly message: string; readonly fix: string | null; readonly circle?: true };

/** Gives a name's text, or the texts of a list. A failure says why there is none. */
export type Lookup = (name: string) => Result<string | readonly string[], NoText>;

const PLACEHOLDER = /\{\{(.*?)\}\}/g;
const BRACES = /^\s*(['"])\{\{\1\s*$/;
const NAME = /^\s*([A-Za-z_][A-Za-z0-9_]*)\s*$/;
const ESCAPE = `for the braces themselves write {{ '{{' }}`;
const NOT_A_NAME = { message: 'between "{{" and "}}" must stand one name', fix: ESCAPE };

export const hasPlaceholder = (text: string): boolean => text.includes('{{');

/** Whether the text is one placeholder and nothing else, so that a number may stand for what it is filled with. */
export const isWholePlaceholder = (text: string): boolean => /^\s*\{\{[^{}]*\}\}\s*$/.test(text);

/** The name in a text that is one placeholder and nothing else, or null. */
export const nameAlone = (text: string): string | null =>
  isWholePlaceholder(text) ? (NAME.exec(text.trim().slice(2, -2))?.[1] ?? null) : null;

/** Fills a text; where it is one placeholder and nothing else, and that names a list, the answer is the list. */
export function fillAlone(
  text: string,
  lookup: Lookup,
): Result<string | readonly string[], readonly PlaceholderTrouble[]> {
  const name = nameAlone(text);
  const found = name === null ? null : lookup(name);
  return found?.ok && typeof found.value !== 'string' ? ok(found.value) : fillText(text, lookup);
}

/** Fills the items of a list; one that stands for a list is replaced by its items. */
export function fillItems(
  items: readonly string[],
  lookup: Lookup,
): Result<readonly string[], readonly PlaceholderTrouble[]> {
  const results = items.map((item) => fillAlone(item, lookup));
  const troubles = results.flatMap((result) => (result.ok ? [] : result.failure));
  return troubles.length > 0 ? fail(troubles) : ok(results.flatMap((result) => (result.ok ? result.value : [])));
}

/**
 * Fills each `{{ name }}`; `{{ '{{' }}` stands for two braces. What is filled in is not looked at again. Whatever is
 * wrong is reported, all of it at once.
 */
export function fillText(text: string, lookup: Lookup): Result<string, readonly PlaceholderTrouble[]> {
  const troubles: PlaceholderTrouble[] = [];
  let filled = '';
  let end = 0;
  const literal = (piece: string) => {
    const open = piece.indexOf('{{');
    if (open !== -1) troubles.push({ offset: end + open, length: 2, message: 'this "{{" is not closed', fix: ESCAPE });
    filled += piece;
  };
  for (const match of text.matchAll(PLACEHOLDER)) {
    literal(text.slice(end, match.index));
    end = match.index + match[0].length;
    const inside = match[1] ?? '';
    const name = NAME.exec(inside)?.[1];
    const found = BRACES.test(inside) ? ok('{{') : name === undefined ? fail(NOT_A_NAME) : textOf(name, lookup(name));
    if (found.ok) filled += found.value;
    else troubles.push({ offset: match.index, length: match[0].length, ...found.failure });
  }
  literal(text.slice(end));
  return troubles.length > 0 ? fail(troubles) : ok(filled);
}

function textOf(name: string, found: ReturnType<Lookup>): Result<string, NoText> {
  if (!found.ok) return found;
  if (typeof found.value === 'string') return ok(found.value);
  return fail({ message: `"${name}" is a list; it can only stand alone, as in enable: "{{ ${name} }}"`, fix: null });
}
