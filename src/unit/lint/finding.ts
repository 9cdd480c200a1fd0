import type { RuleName } from './rule-names.ts';

/** An error stops every command that would deploy; a hint is for `fleet check` alone. */
export type Level = 'error' | 'warning' | 'hint';

/** A place in a file of the project, counted from 1; line 0 is the file as a whole. */
export type Place = { readonly file: string; readonly line: number; readonly column: number };

/** Where a finding is about what the playbook itself says. */
export const PLAYBOOK: Place = { file: '', line: 0, column: 0 };

/** Something that will not do what its author means. */
export type Finding = Place & {
  /** Names the rule, as in `# fleet: allow endless-restart`. */
  readonly rule: RuleName;
  readonly level: Level;
  /** What is there. Never the value of an environment variable. */
  readonly message: string;
  /** What really happens. */
  readonly why: string;
  readonly fix: string;
  /** A word that was not understood, and the words that would have been. */
  readonly unknown?: { readonly word: string; readonly known: readonly string[] };
};

export type Words = Pick<Finding, 'message' | 'why' | 'fix'>;

export const error = (rule: RuleName, at: Place, words: Words): Finding => make('error', rule, at, words);
export const warning = (rule: RuleName, at: Place, words: Words): Finding => make('warning', rule, at, words);
export const hint = (rule: RuleName, at: Place, words: Words): Finding => make('hint', rule, at, words);

function make(level: Level, rule: RuleName, { file, line, column }: Place, words: Words): Finding {
  return { rule, level, file, line, column, ...words };
}
