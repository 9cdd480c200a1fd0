import type { Holder, Keeper, OpenTransaction } from '../../model/holder.ts';
import { unreachable } from '../../model/outcome.ts';

/** Who has a host, in one sentence that says what kind of lock it is too: what JSON has as `held` and `holder`. */
export function holder(held: Holder): string {
  switch (held.kind) {
    case 'hold':
      return held.since === null ? onHold(held) : `${held.by}, who holds it since ${held.since}: ${held.reason}`;
    case 'run': {
      const work = held.generation === null ? 'repairing' : `staging generation ${held.generation}`;
      return `${held.by}, who is ${work} since ${held.since}`;
    }
    case 'transaction':
      return held.running
        ? `${held.by} (transaction ${held.txn}, ${held.phase})`
        : `transaction ${held.txn} of ${held.by} is in phase ${held.phase}`;
    case 'recovery':
      return held.by;
    case 'lock':
      return held.at === 'claim' ? 'a transaction is under way' : 'another transaction on this host';
    default:
      return unreachable(held);
  }
}

/** A hold where it is said already that it is one: `alice@laptop since 2026-01-02T03:04:05Z: disk swap`. */
export const onHold = ({ by, since, reason }: Extract<Holder, { kind: 'hold' }>): string =>
  `${by}${since === null ? '' : ` since ${since}`}: ${reason}`;

/** Who keeps a run from beginning. A lease is somebody's run and ends with it; a hold stays until it is released. */
export const keeper = (held: Keeper): string =>
  held.kind === 'hold' ? `held by ${onHold(held)}` : `at work: ${holder(held)}`;

export const unfinished = ({ by, from, to, running }: OpenTransaction): string =>
  `${by} going from generation ${from} to ${to}, ${running ? 'at work now' : 'left unfinished: the next deploy or rollback finishes it first'}`;
