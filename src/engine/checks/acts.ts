import type { Act, Acts } from '../../model/act.ts';
import type { Before } from '../../model/check.ts';
import type { Found } from './scrub.ts';

/** What it has done is told for so long at least; milliseconds. */
const HOUR = 3_600_000;
/** So many are named. */
const MOST = 3;
/** The last one that an earlier look has seen. */
const LAST = 'act';

/**
 * What the host has done by itself, for as long as it holds, for an hour, and whatever was not there at the last look; nothing
 * where it does nothing.
 */
export function acted(acts: Acts | null, before: Before): readonly Found[] {
  if (acts === null) return [];
  const { state, since, running, givenUp } = acts;
  const done = numbered(acts.done);
  const last = done.at(-1)?.number ?? 0;
  const news = newsIn(done, before(LAST));
  const told = news.map(({ units, what, at, because }) => `${units} ${what} at ${at}: ${because}`);
  const ok = state !== 'off' && givenUp.length === 0;
  const words = [
    ...(running ? [] : ['nobody looks after heat and hung services any more']),
    ...(state === 'off' ? [`stopped for heat since ${since}`] : state === 'slow' ? [`too warm since ${since}`] : []),
    ...(givenUp.length === 0 ? [] : [`hangs and is not restarted any more: ${givenUp.join(', ')}`]),
    ...(told.length > MOST ? [`${told.length} times lately`] : []),
    ...told.slice(-MOST),
  ];
  return [
    {
      ...{
        check: 'act',
        ok,
        ms: 0,
        quotes: 'never',
        detail: words.length === 0 ? 'nothing had to be done' : words.join('; '),
      },
      ...(words.length === 0 || !ok ? {} : { warning: true }),
      ...(news.length === 0 ? {} : { event: String(last) }),
      readings: [{ name: LAST, value: last, unit: 'count', warn: null, critical: null, limit: null, memo: true }],
    },
  ];
}

type Numbered = Act & { readonly number: number };

/** By their times, of which several may have the same. */
const numbered = (acts: readonly Act[]): readonly Numbered[] =>
  acts.map((act, i) => {
    const same = acts.slice(0, i).filter(({ at }) => at === act.at).length;
    return { ...act, number: (Date.parse(act.at) || 0) + same };
  });

/** By their order and not by their times: a board without a clock of its own comes up in the past. */
function newsIn(acts: readonly Numbered[], seen: number | null): readonly Numbered[] {
  const behind = seen === null ? acts.length : acts.findIndex(({ number }) => number === seen) + 1;
  return acts.filter(({ agoMs }, i) => i >= behind || (agoMs !== null && agoMs < HOUR));
}
