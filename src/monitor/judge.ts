import type { Confirm, Level } from '../model/look.ts';
import type { Reading } from '../model/reading.ts';
import type { SubjectState } from './state.ts';

/** So many looks are remembered, as Nagios does it. */
const LOOKS = 21;
/** In percent, the newest change weighing most: six changes in a row begin it, and it takes longer to end. */
const FLAPS_FROM = 30;
const FLAPS_NO_MORE = 15;

const LETTER = { ok: 'o', warn: 'w', crit: 'c' } as const;
const RANK = { ok: 0, warn: 1, crit: 2 } as const;

export const worse = (a: Level, b: Level): boolean => RANK[a] > RANK[b];
const worst = (a: Level, b: Level): Level => (worse(a, b) ? a : b);

export type Judged = {
  readonly level: Level;
  readonly readings: readonly Reading[];
  readonly confirm: Confirm;
  readonly recoverAfter: number;
};

/** What one more look makes of something. */
export function judge(before: SubjectState, look: Judged, at: number): SubjectState {
  const raised = raisedBy(look.readings, before.raised);
  const level = Object.values(raised).reduce(worst, look.level);
  const ring = (before.ring + LETTER[level]).slice(-LOOKS);
  const turned = before.ring !== '' && before.ring.at(-1) !== LETTER[level];
  const fresh = Math.min(LOOKS, before.fresh + 1);
  const next = nextLevel(before.level, ring, fresh, look);
  const percent = unrest(ring);
  return {
    ...before,
    ...{ ring, raised, level: next, seen: at },
    since: next === before.level ? before.since : at,
    fresh: worse(before.level, next) ? 0 : fresh,
    changes: kept([...before.changes, ...(turned ? [at] : [])], turns(ring)),
    flapping: percent >= FLAPS_FROM ? (before.flapping ?? at) : percent <= FLAPS_NO_MORE ? null : before.flapping,
  };
}

const kept = <T>(all: readonly T[], most: number) => (most === 0 ? [] : all.slice(-most));

/** It turns bad by so many bad ones of the last looks, and better by so many better ones in a row. */
function nextLevel(level: Level, ring: string, fresh: number, { confirm, recoverAfter }: Judged): Level {
  const last = ring.slice(-Math.min(confirm.of, fresh));
  const count = (letters: string) => [...last].filter((letter) => letters.includes(letter)).length;
  const risen = count('c') >= confirm.runs ? 'crit' : count('wc') >= confirm.runs ? 'warn' : 'ok';
  if (worse(risen, level)) return risen;
  const lately = ring.slice(-recoverAfter);
  if (lately.length < recoverAfter || lately.includes('c')) return level;
  return lately.includes('w') ? (level === 'crit' ? 'warn' : level) : 'ok';
}

/** Which readings are beyond their limits, those that were and have not come back by a tenth included. */
function raisedBy(readings: readonly Reading[], before: SubjectState['raised']): SubjectState['raised'] {
  return Object.fromEntries(
    readings.flatMap((reading): [string, Level][] => {
      const was = before[reading.name] ?? 'ok';
      const level = beyond(reading, 'critical', was === 'crit')
        ? 'crit'
        : beyond(reading, 'warn', was !== 'ok')
          ? 'warn'
          : 'ok';
      return level === 'ok' ? [] : [[reading.name, level]];
    }),
  );
}

function beyond({ value, warn, critical, ...limits }: Reading, which: 'warn' | 'critical', held: boolean): boolean {
  const limit = { warn, critical, ...limits }[which];
  if (limit === null) return false;
  const falls = warn !== null && critical !== null && critical < warn;
  const at = held ? limit + (falls ? 0.1 : -0.1) * Math.abs(limit) : limit;
  return falls ? value <= at : value >= at;
}

const turns = (ring: string): number => [...ring].filter((letter, i) => i > 0 && letter !== ring[i - 1]).length;

/** How much of the time something has been changing, in percent. */
function unrest(ring: string): number {
  const behind = LOOKS - ring.length;
  const weight = (i: number) => 0.75 + (0.5 * (i + behind - 1)) / (LOOKS - 2);
  const sum = [...ring].reduce((all, letter, i) => all + (i > 0 && letter !== ring[i - 1] ? weight(i) : 0), 0);
  return (sum * 100) / (LOOKS - 1);
}
