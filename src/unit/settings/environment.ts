import { splitWords } from '../syntax/words.ts';
import type { Settings } from './settings.ts';

export type Variable = readonly [name: string, value: string];

export type EnvironmentFile = { readonly path: string; readonly optional: boolean };

/** The names systemd takes; all of them are names to a shell too. */
export const isVariableName = (name: string) => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name);

const noPair = (word: string) => `Environment: ${word} is no NAME=value (quote a value that has spaces)`;

/** The variables of Environment=, each name once, the last value winning. */
export function environment(settings: Settings): readonly Variable[] {
  const pairs = new Map<string, string>();
  for (const assignment of settings.all('Service', 'Environment')) {
    const { words, unknownEscape, unbalanced } = splitWords(assignment.value, 'c');
    if (unbalanced) settings.report(assignment, 'Environment: a quote is never closed');
    if (unknownEscape) settings.report(assignment, 'Environment: an unknown escape is kept as it stands');
    for (const word of words.flatMap((it) => settings.resolveAt(it, assignment) ?? [])) {
      const equals = word.indexOf('=');
      const name = word.slice(0, Math.max(0, equals));
      if (isVariableName(name)) pairs.set(name, word.slice(equals + 1));
      else settings.report(assignment, noPair(word), 'ignored', noPair('a word'));
    }
  }
  return [...pairs];
}

/** The files of EnvironmentFile= in order; a later file beats an earlier one, and any file beats Environment=. */
export function environmentFiles(settings: Settings): readonly EnvironmentFile[] {
  return settings.all('Service', 'EnvironmentFile').flatMap((assignment) => {
    const value = settings.resolveAt(assignment.value, assignment);
    if (value === null) return [];
    const optional = value.startsWith('-');
    const path = optional ? value.slice(1) : value;
    if (path.startsWith('/')) return [{ path, optional }];
    settings.report(assignment, `EnvironmentFile: ${path} is not an absolute path`);
    return [];
  });
}
