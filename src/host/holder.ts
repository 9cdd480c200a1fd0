import type { Holder, Keeper } from '../model/holder.ts';
import { generationId } from '../model/ids.ts';
import { textOf } from './reply.ts';

/** Parses what lease.sh prints behind `held` or `locked`; null where it names nobody. */
function parseHolder(record: string): Holder | null {
  const [kind, first = '', ...rest] = record.split(' ');
  const [by = '', about = ''] = rest.join(' ').split('\t');
  switch (kind) {
    case 'hold':
      return { kind, by, since: first, reason: about };
    case 'run':
      return { kind, by, since: first, generation: Number(about) > 0 ? generationId(Number(about)) : null };
    case 'transaction': {
      const [phase = '', ...whose] = rest;
      return { kind, txn: first, phase, running: false, by: whose.join(' ') };
    }
    default:
      return null;
  }
}

/** Who is at work on a host that is only looked at, or null. */
export function parseKeeper(record: string): Keeper | null {
  const holder = parseHolder(record);
  return holder?.kind === 'hold' || holder?.kind === 'run' ? holder : null;
}

/** For whom a verb has given way, by its reply. */
export const holderIn = (reply: string): Holder =>
  parseHolder(textOf(reply, 'locked') ?? '') ?? { kind: 'lock', at: 'claim' };
