import type { $ZodIssue, $ZodRawIssue } from 'zod/v4/core';

const EXPECTED: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
  null: 'nothing',
};

const expected = (type: string): string => EXPECTED[type] ?? type;

/** A value in a reader's words; long text is cut. */
function described(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a mapping';
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}…` : value)}`;
  return typeof value === 'number' ? `the number ${value}` : String(value);
}

/** `"a", "b" or "c"`. */
export function oneOf(words: readonly string[]): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;
}

/** What was wanted where something of another kind stands. */
export type Expectation = { readonly wanted: string; readonly got: string };

/** Null where an issue is about something else, or its schema has words of its own. */
export function expectation(issue: $ZodRawIssue | $ZodIssue): Expectation | null {
  const got = described(issue.input);
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? null : { wanted: expected(issue.expected), got };
    case 'invalid_value':
      return { wanted: oneOf(issue.values.map((word) => JSON.stringify(word))), got };
    case 'not_multiple_of':
      return { wanted: `a multiple of ${issue.divisor}`, got };
    default:
      return null;
  }
}

export const mustBe = ({ wanted, got }: Expectation): string => `must be ${wanted}, not ${got}`;

/**
 * What an issue says unless its schema has words of its own: a predicate such as `must be a whole number, not a list`,
 * to which the key's name is prefixed later. So are all words of schemas.
 */
export function wording(issue: $ZodRawIssue | $ZodIssue): string {
  const value = described(issue.input);
  const wanted = expectation(issue);
  if (wanted !== null) return mustBe(wanted);
  switch (issue.code) {
    case 'invalid_type':
      return 'is missing';
    case 'too_small':
      return size(issue.origin, issue.minimum, 'least', issue.inclusive !== false);
    case 'too_big':
      return size(issue.origin, issue.maximum, 'most', issue.inclusive !== false);
    case 'invalid_format':
      return `is not in the expected form: ${value}`;
    default:
      return `cannot be ${value}`;
  }
}

function size(origin: string, bound: number | bigint, side: 'least' | 'most', inclusive: boolean): string {
  if (origin === 'string' && side === 'least') return 'must not be empty';
  if (origin === 'string') return `must be at most ${bound} characters long`;
  if (origin === 'array' || origin === 'set') {
    return bound === 1 && side === 'least' ? 'must not be empty' : `must have at ${side} ${bound} entries`;
  }
  if (inclusive) return `must be at ${side} ${bound}`;
  return side === 'least' ? `must be more than ${bound}` : `must be less than ${bound}`;
}
