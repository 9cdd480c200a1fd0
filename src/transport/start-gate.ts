import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import type { Connection } from '../model/target.ts';
import { onAbort, once } from '../util/async.ts';
import { type Slots, slots } from '../util/slots.ts';

/** An SSH server, and the login that it is reached over where that is not this machine. */
type Server = Pick<Connection, 'address' | 'port' | 'family'> & { readonly over: string | null };

/** Lets logins at one server begin a few at a time; each is to tell when it has ended. Gives null when the signal aborted. */
export type StartGate = (to: Server, signal: AbortSignal) => Promise<(() => void) | null>;

/**
 * OpenSSH refuses at random from the tenth connection without a login on (MaxStartups 10:30:100), dropbear from the fifth
 * of one address. A login that has ended here may count there until the next one has ended too, so it is half of the ten.
 */
const MOST_STARTING = 5;

/** @param runs how many such as this one are under way at a time, and share what a server allows */
export function startGate(runs = 1): StartGate {
  const perServer = new Map<string, Slots>();
  const addresses = once<string>();
  return async (to, signal) => {
    const { address, port, over } = to;
    const known = over !== null || isIP(address) !== 0;
    const place = known
      ? address
      : await unlessAborted(
          addresses(`${address} ${to.family}`, () => firstOf(to)),
          signal,
        );
    const server = `${place} ${port} ${over}`;
    const own = perServer.get(server) ?? slots(Math.max(1, Math.floor(MOST_STARTING / runs)));
    perServer.set(server, own);
    return own.take(signal);
  };
}

/** One address of all that a name has, whatever their order today: names of one server are then one. */
async function firstOf({ address, family }: Server): Promise<string> {
  const found = await lookup(address, { all: true, family: family ?? 0 }).catch(() => []);
  const sorted = found.map((one) => `${one.family} ${one.address}`).sort();
  return sorted[0]?.slice(2) ?? address;
}

/** A lookup cannot be given up, only left. */
function unlessAborted(found: Promise<string>, signal: AbortSignal): Promise<string | null> {
  return new Promise((resolve) => {
    const stop = onAbort(signal, () => resolve(null));
    found.then((address) => {
      stop();
      resolve(address);
    });
  });
}
