import { parseBoolean } from '../../settings/settings.ts';
import { splitWords } from '../../syntax/words.ts';

/** What a value of a key must be, and how to tell. */
export type ValueKind = {
  readonly expected: string;
  takes(value: string): boolean;
  /** For a list: the words that systemd leaves out while it takes the others. */
  culprits?(value: string): readonly string[];
  /** Whether systemd replaces specifiers before it reads the value. */
  readonly resolves: boolean;
};

export const kind = (expected: string, takes: (value: string) => boolean): ValueKind => ({
  expected,
  takes,
  resolves: false,
});

/** The same, for a key in which systemd replaces specifiers. */
export const resolved = (of: ValueKind): ValueKind => ({ ...of, resolves: true });

export const matching = (expected: string, shape: RegExp): ValueKind => kind(expected, (value) => shape.test(value));

export const oneOf = (text: string): ValueKind => {
  const words = new Set(text.split(' '));
  return kind(`one of ${text.replaceAll(' ', ', ')}`, (value) => words.has(value));
};

export const bool = kind('yes or no', (value) => parseBoolean(value) !== null);

export const yesOr = (text: string): ValueKind => {
  const words = new Set(text.split(' '));
  return kind(`yes, no or one of ${text.replaceAll(' ', ', ')}`, (value) => bool.takes(value) || words.has(value));
};

/** Text that nobody judges; in a raw one systemd replaces no specifiers. */
export const raw = kind('any text', () => true);
export const free = resolved(raw);
/** What is judged by readers of its own: a command line, and the variables of Environment=. */
export const command = resolved(kind('a command line', () => true));
export const variables = resolved(kind('NAME=value', () => true));

/** Any of several kinds. */
export const either = (expected: string, ...kinds: readonly ValueKind[]): ValueKind =>
  kind(expected, (value) => kinds.some((one) => one.takes(value)));

/** Words with blanks between them, in quotes where one has a blank of its own; systemd goes on without a bad one. */
export function listOf(expected: string, takesWord: (word: string) => boolean): ValueKind {
  const culprits = (value: string) => splitWords(value, 'keep').words.filter((word) => !takesWord(word));
  return {
    expected,
    resolves: false,
    culprits,
    takes: (value) => !splitWords(value, 'keep').unbalanced && culprits(value).length === 0,
  };
}

/** The same without quotes: they are letters like others. */
export function blankListOf(expected: string, takesWord: (word: string) => boolean): ValueKind {
  const culprits = (value: string) => value.split(/\s+/).filter((word) => word !== '' && !takesWord(word));
  return { expected, resolves: false, culprits, takes: (value) => culprits(value).length === 0 };
}

/** A list that a `~` in front turns round. */
export function invertible(of: ValueKind): ValueKind {
  const bare = (value: string) => value.replace(/^~/, '');
  return {
    ...of,
    takes: (value) => of.takes(bare(value)),
    culprits: (value) => of.culprits?.(bare(value)) ?? [],
  };
}
