import type { Command } from 'commander';
import { findProject } from '../../config/find-project.ts';
import type { CliContext } from '../context.ts';
import { afterBreak, bashWords } from './bash-line.ts';
import { type Candidate, complete, type NamesOf } from './complete.ts';
import { keepNames, knownGenerations, type Names } from './names.ts';

/** What a shell could take for something else on a line, or put on the screen as something else, is not offered. */
const HARMLESS = /^[\w.@:=+-]+$/;

/**
 * `fleet __complete SHELL …`, as the completion scripts call it at every TAB: a line per word, with what it is behind a
 * tab, and `:file` or `:dir` where a path is wanted. Whatever goes wrong, the line that is typed must not be disturbed.
 */
export async function answer(words: readonly string[], fleet: Command, context: CliContext): Promise<0> {
  try {
    const [shell = '', ...rest] = words;
    const [line = '', breaks = ''] = rest;
    const typed = shell === 'bash' ? bashWords(line).slice(1) : rest;
    const current = typed.at(-1) ?? '';
    const before = typed.slice(0, -1);
    const found = await complete(fleet, before, current, namesFor(before, context));
    const shown = (word: string) => (shell === 'bash' ? afterBreak(word, current, breaks) : word);
    const lines = found.words
      .filter(({ word }) => HARMLESS.test(word))
      .map(({ word, about }) => (about === '' || shell === 'bash' ? shown(word) : `${shown(word)}\t${about}`));
    const all = found.paths === null ? lines : [...lines, `:${found.paths}`];
    context.stdout.write(all.map((one) => `${one}\n`).join(''));
  } catch {
    // The word stays as it was typed.
  }
  return 0;
}

const KINDS: Readonly<Record<string, readonly Exclude<keyof Names, 'keys' | 'envFiles' | 'folders'>[]>> = {
  ...{ host: ['hosts'], group: ['groups'], app: ['apps'], unit: ['units'], instance: ['instances'] },
  ...{ channel: ['channels'], place: ['hosts', 'apps'] },
};

/** Names of the project that the line is about: the one that it names with -C, or the nearest. */
function namesFor(before: readonly string[], { invoker }: CliContext): NamesOf {
  const named = before.lastIndexOf('-C');
  const dir = named < 0 ? null : (before[named + 1]?.replace(/^~(?=\/|$)/, invoker.home) ?? null);
  return async (kind, given): Promise<readonly Candidate[]> => {
    const lists = KINDS[kind] ?? [];
    if (lists.length === 0 && kind !== 'generation' && kind !== 'key') return [];
    const found = await findProject(invoker, dir);
    if (!found.ok) return [];
    const project = found.value;
    const plain = (word: string | number) => ({ word: String(word), about: '' });
    if (kind === 'generation') return (await knownGenerations(project, invoker, given)).map(plain);
    const read = async (kept: Names | null) => (await import('./read-names.ts')).readNames(project, kept);
    const names = await keepNames(project, invoker, read);
    if (kind === 'key') return (await (await import('./keys.ts')).keysIn(project, names)).map(plain);
    return lists.flatMap((list) => names[list].map(plain));
  };
}
