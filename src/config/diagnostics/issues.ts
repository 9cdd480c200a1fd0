import type { z } from 'zod';
import type { $ZodIssue, $ZodType } from 'zod/v4/core';
import { type Diagnostic, diagnostic, type Position } from './diagnostic.ts';
import { nearest, suggestion } from './nearest.ts';
import { exampleAt, keysAt, titleAt } from './schema-walk.ts';
import type { Locate, Path } from './source-map.ts';
import { type Expectation, expectation, mustBe, oneOf, wording } from './wording.ts';

export type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly $ZodIssue[] };

/** Checks data against a schema; default messages come in fleet's own words. */
export function check<T>(schema: z.ZodType<T>, value: unknown): Checked<T> {
  const result = schema.safeParse(value, { error: wording, reportInput: true });
  return result.success ? { ok: true, value: result.data } : { ok: false, issues: flatten(result.error.issues) };
}

/** Every issue at the deepest place that it is really about. */
function flatten(issues: readonly $ZodIssue[]): readonly $ZodIssue[] {
  const flat = issues.flatMap((issue): readonly $ZodIssue[] => {
    if (issue.code === 'invalid_union') return flatten([ofUnion(issue)].flat());
    if (issue.code === 'invalid_element') {
      return flatten(issue.issues.map((inner) => below([...issue.path, issue.key as PropertyKey], inner)));
    }
    return [issue];
  });
  const unknown = new Set(flat.filter((one) => one.code === 'unrecognized_keys').map((one) => one.path.join('\0')));
  return flat.filter((one) => one.code !== 'custom' || !unknown.has(one.path.join('\0')));
}

const below = <T extends $ZodIssue>(path: Path, issue: T): T => ({ ...issue, path: [...path, ...issue.path] });

/** The option of a union that the value was meant for, judged by how far it got; else all that were possible. */
function ofUnion(issue: Extract<$ZodIssue, { code: 'invalid_union' }>): readonly $ZodIssue[] {
  const branches = issue.errors.map((branch) => flatten(branch).map((one) => below(issue.path, one)));
  const wrongType = (one: $ZodIssue) =>
    (one.code === 'invalid_type' || one.code === 'invalid_value') && one.path.length === issue.path.length;
  const meant = branches.filter((branch) => !branch.some(wrongType));
  const closest = meant.sort((a, b) => a.length - b.length)[0];
  const unknown = closest?.filter((one) => one.code === 'unrecognized_keys') ?? [];
  // Which of several mappings was meant is open: what each of them lacks would only confuse.
  if (closest) return meant.length > 1 && unknown.length > 0 ? unknown : closest;
  // Words of the schema's own say it better than what could be put together from the options.
  if (!inOurWords(issue)) return [{ ...issue, code: 'custom' }];
  const all = branches.flat().flatMap((one) => expected(one) ?? []);
  const [first] = all;
  if (first === undefined) return [{ ...issue, code: 'custom', message: 'is not in an expected form' }];
  const params: Expectation = { wanted: oneOf([...new Set(all.map(({ wanted }) => wanted))]), got: first.got };
  return [{ ...issue, code: 'custom', message: mustBe(params), params }];
}

/** Whether the schema had no words of its own. */
const inOurWords = (issue: $ZodIssue): boolean => issue.message === wording(issue);

/** What was wanted instead, as far as that is known; of a union that was put together above too. */
function expected(issue: $ZodIssue): Expectation | null {
  if (issue.code !== 'custom') return inOurWords(issue) ? expectation(issue) : null;
  const { wanted, got } = issue.params ?? {};
  return typeof wanted === 'string' && typeof got === 'string' ? { wanted, got } : null;
}

/** Whether the example of the key says it best; a schema's own words ask for it by `params`. */
const wantsExample = (issue: $ZodIssue): boolean =>
  expected(issue) !== null || (issue.code === 'custom' && issue.params?.example === true);

/** Issues as diagnostics: where they stand, what is expected, and the nearest known word. */
export function diagnose(schema: $ZodType, issues: readonly $ZodIssue[], locate: Locate): readonly Diagnostic[] {
  const misspelt = misspeltKeys(schema, issues);
  return issues.flatMap((issue): readonly Diagnostic[] => {
    const { path } = issue;
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const what = titleAt(schema, path) ?? 'key';
        const fix = suggestion(key, keysAt(schema, path), `known ${what}s`);
        return diagnostic(locate([...path, key], 'key'), `unknown ${what} "${key}"`, fix);
      });
    }
    if (issue.code === 'invalid_key') {
      const why = issue.issues[0]?.message ?? 'is not allowed';
      return [diagnostic(locate(path, 'key'), `the name "${String(path.at(-1))}" ${why}`)];
    }
    const example = exampleFix(schema, path);
    if (issue.code === 'invalid_type' && issue.input === undefined && path.length > 0) {
      if (misspelt.has(path.join('\0'))) return [];
      const own = inOurWords(issue) ? null : issue.message;
      return [diagnostic(locate(path, 'key'), `missing key "${String(path.at(-1))}"`, example ?? own)];
    }
    const at = locate(path);
    const fix = (wantsExample(issue) ? example : null) ?? quotesFix(issue, at);
    return [diagnostic(at, `${subject(path)} ${issue.message}`, fix)];
  });
}

/** Known keys that an unknown one was most likely meant to be: to call them missing too would say it twice. */
const misspeltKeys = (schema: $ZodType, issues: readonly $ZodIssue[]): ReadonlySet<string> =>
  new Set(
    issues.flatMap((issue) => {
      if (issue.code !== 'unrecognized_keys') return [];
      return issue.keys.map((key) => [...issue.path, nearest(key, keysAt(schema, issue.path))].join('\0'));
    }),
  );

/** `port`, or `an entry of groups`. */
function subject(path: Path): string {
  const last = path.at(-1);
  if (typeof last === 'string') return last;
  const list = path.findLast((part) => typeof part === 'string');
  return list === undefined ? 'this file' : `an entry of ${String(list)}`;
}

/** YAML makes a number of 0644 and a truth value of true; what was written is kept by quotes. */
function quotesFix(issue: $ZodIssue, { excerpt, column }: Position): string | null {
  const wanted = issue.code === 'invalid_type' && issue.expected === 'string';
  if (!wanted || excerpt === null || !['number', 'boolean'].includes(typeof issue.input)) return null;
  return `in quotes it is text: "${excerpt.text.slice(column - 1, column - 1 + excerpt.length)}"`;
}

function exampleFix(schema: $ZodType, path: Path): string | null {
  const example = exampleAt(schema, path);
  if (example === undefined) return null;
  const key = path.at(-1);
  return `for example: ${typeof key === 'string' ? `${key}: ` : '- '}${flow(example)}`;
}

/** A value in YAML's flow style, as one would write it by hand. */
function flow(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(flow).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, one]) => `${key}: ${flow(one)}`)
      .join(', ')} }`;
  }
  return typeof value === 'string' && !/^[A-Za-z/~][A-Za-z0-9_./@~ -]*$/.test(value)
    ? JSON.stringify(value)
    : String(value);
}
