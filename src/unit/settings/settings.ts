import type { Assignment } from '../syntax/parse.ts';
import type { Problem } from '../syntax/problem.ts';
import { resolveSpecifiers, type SpecifierValues, unknownSpecifier } from '../syntax/specifiers.ts';
import { type Escapes, splitWords } from '../syntax/words.ts';
import { assigned, type EffectiveUnit } from './effective.ts';

/** Reads typed values of one effective unit, and collects what could not be read. */
export type Settings = {
  readonly problems: Problem[];
  readonly unresolved: Set<string>;
  /** Every assignment of a key that counts. */
  all(section: string, key: string): readonly Assignment[];
  /** The last value that `read` takes, or `fallback`; each one it does not take is a problem. */
  scalar<T>(section: string, key: string, read: (text: string, at: Assignment) => T | null, fallback: T): T;
  /** All words of all values, specifiers resolved. */
  words(section: string, key: string, escapes?: Escapes): readonly string[];
  /** The text with its specifiers resolved; null when one of them means nothing. */
  resolve(text: string): string | null;
  /** The same, with the reason reported. */
  resolveAt(text: string, at: Assignment): string | null;
  /** @param veiled the message without a word that may be a secret, where it has one */
  report(at: Assignment, message: string, effect?: Problem['effect'], veiled?: string): void;
  /** Reports what no line is to blame for. */
  refuse(message: string): void;
};

export function settingsOf(unit: EffectiveUnit, values: SpecifierValues): Settings {
  const problems: Problem[] = [];
  const unresolved = new Set<string>();
  const all: Settings['all'] = (section, key) => assigned(unit, section, key);
  const resolve = (text: string) => {
    const resolved = resolveSpecifiers(text, unit.name, values);
    for (const specifier of resolved.unresolved) unresolved.add(specifier);
    return resolved.unknown.length > 0 ? null : resolved.text;
  };
  const report: Settings['report'] = ({ file, line }, message, effect = 'ignored', veiled?: string) => {
    problems.push({ file, line, message, effect, ...(veiled === undefined ? {} : { veiled }) });
  };
  const resolveAt: Settings['resolveAt'] = (text, at) => {
    const resolved = resolve(text);
    if (resolved === null) report(at, `${at.key}: ${unknownSpecifier(text)}`);
    return resolved;
  };
  return {
    problems,
    unresolved,
    all,
    resolve,
    resolveAt,
    report,
    refuse: (message) => {
      problems.push({ file: unit.file, line: 0, message, effect: 'refused' });
    },
    scalar: (section, key, read, fallback) => {
      let value = fallback;
      for (const assignment of all(section, key)) {
        const parsed = read(assignment.value, assignment);
        if (parsed === null) report(assignment, `${key}=${assignment.value} is no valid value`);
        else value = parsed;
      }
      return value;
    },
    words: (section, key, escapes = 'keep') =>
      all(section, key).flatMap((assignment) => {
        const { words, unbalanced } = splitWords(assignment.value, escapes);
        if (unbalanced) report(assignment, `${key}: a quote is never closed`);
        return words.flatMap((word) => resolveAt(word, assignment) ?? []);
      }),
  };
}

/** systemd's booleans; null for anything else. */
export function parseBoolean(text: string): boolean | null {
  if (/^(1|yes|y|true|t|on)$/i.test(text)) return true;
  return /^(0|no|n|false|f|off)$/i.test(text) ? false : null;
}

/** A reader that takes only the given words. */
export const oneOf =
  <const T extends string>(allowed: readonly T[]) =>
  (text: string): T | null =>
    allowed.find((word) => word === text) ?? null;
