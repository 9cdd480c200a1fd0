import type { ByHand } from '../../model/facts.ts';
import type { Standing, Work } from '../../model/work.ts';
import { commandLine } from '../../util/command-line.ts';
import { count, list } from '../../util/count.ts';
import { clean } from '../../util/sanitize.ts';
import { when } from './report.ts';

/** What a verb came to on a host, in a few words. */
export function worked(work: Work): string {
  if (work.kind === 'command')
    return `${commandLine(work.command)}: ${work.code === null ? 'no exit status' : `exit status ${work.code}`}`;
  if (work.kind === 'lines') return `read ${count(work.lines, 'line')}`;
  const { verb, units } = work;
  if (units.length === 0) return `${verb}: no unit of the app has such a name here`;
  return units.map(({ unit, was, is }) => `${unit} was ${standing(was)}, is ${standing(is)}`).join('; ');
}

export function standing({ active, sub, pid, enabled }: Standing): string {
  if (enabled !== null) return enabled ? 'enabled' : 'disabled';
  const state = sub === '' || sub === active ? active : `${active} (${sub})`;
  return pid > 0 ? `${state}, pid ${pid}` : state;
}

/** What a person has changed since the last deploy, each in a sentence without a full stop. */
export const changedByHand = (all: readonly ByHand[]): readonly string[] =>
  all.map(({ unit, what, at, by }) => `${unit} was ${what} by ${by} (${when(at)} UTC)`);

/** That names lead to no unit anywhere. @param known the units that there are, as the hosts name them */
export function noSuchUnit(words: readonly string[], known: readonly string[]): string {
  const names = list(words.map((word) => `"${word}"`));
  if (known.length === 0) return `no unit matches ${names}: nothing is deployed on the selected hosts`;
  return `no unit matches ${names}: the active generations have ${list([...new Set(known)].sort().map(clean), 20)}`;
}
