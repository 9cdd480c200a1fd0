import type { Command, Word } from '../syntax/command-line.ts';

/** An argument as it stands, variables written as in the unit. */
export function wordText(word: Word): string {
  if (word.word === 'split') return `$${word.name}`;
  return word.parts.map((part) => (part.part === 'literal' ? part.text : `\${${part.name}}`)).join('');
}

/** Program and arguments. */
export const commandWords = (command: Command): readonly string[] => [command.path, ...command.args.map(wordText)];

/** Names of the variables that a command puts into its arguments. */
export const variablesOf = (command: Command): readonly string[] =>
  command.args.flatMap((word) =>
    word.word === 'split' ? [word.name] : word.parts.flatMap((part) => (part.part === 'variable' ? [part.name] : [])),
  );

/** The program's own name: `python3` of `/usr/bin/python3`. */
export const programOf = (command: Command): string => command.path.slice(command.path.lastIndexOf('/') + 1);
