import { fail, ok, type Result } from '../../model/outcome.ts';
import { type Diagnostic, diagnostic, type Position } from '../diagnostics/diagnostic.ts';
import { check } from '../diagnostics/issues.ts';
import type { YamlFile } from '../diagnostics/read.ts';
import { locator, type Path } from '../diagnostics/source-map.ts';
import { asWritten } from '../inventory/inventory.ts';
import { headSchema, type PlaybookSchema } from './playbook-schema.ts';
import { fillAlone, hasPlaceholder, isWholePlaceholder, type Lookup } from './template.ts';

/** Keys whose texts are taken as they are: vars are filled where they are used. */
const AS_WRITTEN = new Set(Object.keys(headSchema.shape));

export type Filled = {
  readonly value: unknown;
  /** Where in the file something at a path of `value` comes from; of a list's items that is the placeholder. */
  readonly origin: (path: Path) => Path;
};

/**
 * Fills the placeholders of every string of a playbook. Filled text stays text, but for a placeholder that stands alone: it
 * may name a list, and where the schema wants a number or true or false its text becomes one.
 */
export function fillValue(
  yaml: YamlFile,
  schema: PlaybookSchema,
  lookup: Lookup,
): Result<Filled, readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const alone: Path[] = [];
  const moved = new Map<string, Path>();
  const odd: { readonly path: Path; readonly text: string }[] = [];
  const locate = locator(yaml);
  /** @param to where the text goes @param item where an item of a list goes */
  const fillOne = (value: string, from: Path, to: Path, item: (i: number) => Path): string | readonly string[] => {
    const result = fillAlone(value, lookup);
    if (!result.ok) {
      for (const trouble of result.failure) {
        const placeholder = value.slice(trouble.offset, trouble.offset + trouble.length);
        found.push(diagnostic(within(locate(from), placeholder), trouble.message, trouble.fix));
      }
      return value;
    }
    if (typeof result.value === 'string') {
      if (isWholePlaceholder(value)) alone.push(to);
    } else {
      for (const i of result.value.keys()) {
        alone.push(item(i));
        moved.set(keyOf(item(i)), from);
      }
    }
    return result.value;
  };
  const fillList = (list: readonly unknown[], from: Path, to: Path): unknown => {
    const items: unknown[] = [];
    for (const [i, item] of list.entries()) {
      const next = items.length;
      const [here, there] = [
        [...from, i],
        [...to, next],
      ];
      if (next !== i) moved.set(keyOf(there), here);
      if (typeof item === 'string' && hasPlaceholder(item)) {
        items.push(...[fillOne(item, here, there, (nth) => [...to, next + nth])].flat());
      } else items.push(fill(item, here, there));
    }
    return items;
  };
  const fill = (value: unknown, from: Path, to: Path): unknown => {
    if (typeof value === 'string') return hasPlaceholder(value) ? fillOne(value, from, to, (i) => [...to, i]) : value;
    if (typeof value === 'number') {
      const text = asWritten(value, locate(from));
      if (text !== String(value)) odd.push({ path: to, text });
    }
    if (Array.isArray(value)) return fillList(value, from, to);
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) =>
      from.length === 0 && AS_WRITTEN.has(key) ? [key, item] : [key, fill(item, [...from, key], [...to, key])],
    );
    return Object.fromEntries(entries);
  };
  const filled = fill(yaml.value, [], []);
  if (found.length > 0) return fail(found);
  return ok({ value: keepWritten(retyped(filled, alone, schema), odd, schema), origin: originIn(moved) });
}

const keyOf = (path: Path): string => JSON.stringify(path);

/** By the longest beginning of a path that stands elsewhere in the file. */
const originIn =
  (moved: ReadonlyMap<string, Path>) =>
  (path: Path): Path => {
    for (let length = path.length; length > 0; length -= 1) {
      const from = moved.get(keyOf(path.slice(0, length)));
      if (from !== undefined) return [...from, ...path.slice(length)];
    }
    return path;
  };

/** Narrows a scalar's place to the placeholder in it, where the placeholder stands on the scalar's first line. */
function within(at: Position, placeholder: string): Position {
  if (at.excerpt === null) return at;
  const from = at.excerpt.text.indexOf(placeholder, at.column - 1);
  return from === -1 ? at : { ...at, column: from + 1, excerpt: { ...at.excerpt, length: placeholder.length } };
}

/** Turns filled text into a number or true or false where the schema has no use for the text itself. */
function retyped(value: unknown, alone: readonly Path[], schema: PlaybookSchema): unknown {
  return alone.reduce((whole, path) => {
    if (fits(schema, whole, path)) return whole;
    const candidate = replaced(whole, path, plainValue);
    return fits(schema, candidate, path) ? candidate : whole;
  }, value);
}

/** Leaves numbers as they were written where the schema takes text as well: 1.10 keeps its end. */
const keepWritten = (value: unknown, odd: readonly { path: Path; text: string }[], schema: PlaybookSchema): unknown =>
  odd.reduce((whole, { path, text }) => {
    const candidate = replaced(whole, path, () => text);
    return fits(schema, whole, path) && fits(schema, candidate, path) ? candidate : whole;
  }, value);

function fits(schema: PlaybookSchema, value: unknown, path: Path): boolean {
  const checked = check(schema, value);
  return checked.ok || !checked.issues.some((issue) => path.every((part, i) => issue.path[i] === part));
}

function plainValue(text: unknown): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return typeof text === 'string' && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function replaced(value: unknown, path: Path, by: (value: unknown) => unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return by(value);
  if (Array.isArray(value)) return value.map((item, i) => (i === first ? replaced(item, rest, by) : item));
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, item]) => [key, key === first ? replaced(item, rest, by) : item]));
}
