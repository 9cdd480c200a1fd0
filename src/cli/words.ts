import type { Command } from 'commander';

/** Flags that stand before the command as if they stood right behind it: `fleet -C dir check` is `fleet check -C dir`. */
export function commandFirst(words: readonly string[], fleet: Command): readonly string[] {
  const own = new Set(fleet.options.flatMap(({ short, long }) => [short, long]));
  const taking = new Set(
    fleet.commands.flatMap(({ options }) =>
      options.filter(({ required }) => required).flatMap(({ short, long }) => [short, long]),
    ),
  );
  let at = 0;
  while (words[at]?.startsWith('-') && words[at] !== '--' && !own.has(words[at])) at += taking.has(words[at]) ? 2 : 1;
  const command = words[at];
  if (command === undefined || command.startsWith('-')) return words;
  return [command, ...words.slice(0, at), ...words.slice(at + 1)];
}

/** Whether a format is asked for, also where the words are wrong otherwise. */
export const wantsFormat = (format: string, words: readonly string[]): boolean =>
  new RegExp(`(^| )--format[ =]${format}( |$)`).test(words.join(' '));

/** Whether it is `--version` for scripts, which is told more. */
export const wantsVersion = (words: readonly string[]): boolean =>
  words.length === 2 && words.includes('--json') && (words.includes('--version') || words.includes('-V'));

/** Whether whoever calls reads lines of JSON. */
export const wantsJson = (words: readonly string[]): boolean => words.includes('--json') || wantsFormat('json', words);
