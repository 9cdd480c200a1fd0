import { fail, ok, type Result } from '../model/outcome.ts';
import { type Diagnostic, diagnostic, type Position } from './diagnostic.ts';
import { check } from './issues.ts';
import type { PlaybookSchema } from './playbook-schema.ts';
import type { YamlFile } from './read.ts';
import { locator, type Path } from './source-map.ts';
import { fillText, hasHole, isWholeHole, type Lookup } from './template.ts';

/** Keys whose texts are taken as they are: vars are filled where they are used. */
const AS_WRITTEN = new Set(['name', 'hosts', 'vars']);

/**
 * Fills the holes of every string of a playbook. Filled text stays text, but for a hole that stands alone where the
 * schema wants a number or true or false.
 */
export function fillValue(
  yaml: YamlFile,
  schema: PlaybookSchema,
  lookup: Lookup,
): Result<unknown, readonly Diagnostic[]> {
  const found: Diagnostic[] = [];
  const alone: Path[] = [];
  const locate = locator(yaml);
  const fill = (value: unknown, path: Path): unknown => {
    if (typeof value === 'string' && hasHole(value)) {
      const result = fillText(value, lookup);
      if (isWholeHole(value)) alone.push(path);
      if (result.ok) return result.value;
      for (const trouble of result.failure) {
        const hole = value.slice(trouble.offset, trouble.offset + trouble.length);
        found.push(diagnostic(within(locate(path), hole), trouble.message, trouble.hint));
      }
      return value;
    }
    if (Array.isArray(value)) return value.map((item, i) => fill(item, [...path, i]));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).map(([key, item]) =>
      path.length === 0 && AS_WRITTEN.has(key) ? [key, item] : [key, fill(item, [...path, key])],
    );
    return Object.fromEntries(entries);
  };
  const filled = fill(yaml.value, []);
  if (found.length > 0) return fail(found);
  return ok(alone.length === 0 ? filled : retyped(filled, alone, schema));
}

/** Narrows a scalar's place to the hole in it, where the hole stands on the scalar's first line. */
function within(at: Position, hole: string): Position {
  if (at.excerpt === null) return at;
  const from = at.excerpt.text.indexOf(hole, at.column - 1);
  return from === -1 ? at : { ...at, column: from + 1, excerpt: { ...at.excerpt, length: hole.length } };
}

/** Turns filled text into a number or true or false where the schema has no use for the text itself. */
function retyped(value: unknown, alone: readonly Path[], schema: PlaybookSchema): unknown {
  return alone.reduce((whole, path) => {
    if (fits(schema, whole, path)) return whole;
    const candidate = replaced(whole, path, plainValue);
    return fits(schema, candidate, path) ? candidate : whole;
  }, value);
}

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
