import { ownUnits } from '../../engine/commands/serve.ts';
import { leftAlone } from '../../engine/open.ts';
import { matchUnits, type OwnUnits } from '../../host/own-units.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { noSuchUnit } from '../../output/messages/work.ts';
import type { Chosen } from '../choose.ts';
import { Refusal } from '../refusal.ts';

/**
 * The units that words mean, host by host, and why a host could not be asked.
 * @throws Refusal where a word fits none of any host
 */
export async function survey({ look }: Chosen, words: readonly string[]) {
  const found = new Map<HostTarget, OwnUnits>();
  const failed = new Map<HostTarget, HostOutcome>();
  await look(async (target, run) => {
    const own = await ownUnits(target, run);
    if (own.ok) found.set(target, own.value);
    else failed.set(target, leftAlone(own.failure));
    return own.ok ? { end: 'untouched', failure: { kind: 'skipped', why: '' } } : leftAlone(own.failure);
  });
  const matched = [...found].map(([target, own]) => [target, matchUnits(words, own)] as const);
  const unmatched = words.filter((word) => matched.every(([, one]) => one.unmatched.includes(word)));
  if (found.size > 0 && unmatched.length > 0)
    throw new Refusal(
      noSuchUnit(
        unmatched,
        [...found.values()].flatMap(({ units }) => units),
      ),
    );
  return { units: new Map(matched.map(([target, { units }]) => [target, units])), failed };
}
