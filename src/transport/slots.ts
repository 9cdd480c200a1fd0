import { onAbort } from '../util/async.ts';

/** A counted resource; `take` waits for its turn and gives null when the signal aborted first. */
export type Slots = { readonly take: (signal: AbortSignal) => Promise<(() => void) | null> };

/** Limits work under way per name, e.g. handshakes per address. */
export type StartGate = (name: string, signal: AbortSignal) => Promise<(() => void) | null>;

export function slots(limit: number): Slots {
  let free = limit;
  const waiting: (() => void)[] = [];
  const release = () => {
    free += 1;
    waiting.shift()?.();
  };
  const claim = () => {
    free -= 1;
    let held = true;
    return () => {
      if (held) release();
      held = false;
    };
  };
  const take: Slots['take'] = (signal) => {
    if (signal.aborted) return Promise.resolve(null);
    if (free > 0) return Promise.resolve(claim());
    return new Promise((resolve) => {
      const turn = () => {
        stop();
        resolve(claim());
      };
      const abandon = () => {
        waiting.splice(waiting.indexOf(turn), 1);
        resolve(null);
      };
      waiting.push(turn);
      const stop = onAbort(signal, abandon);
    });
  };
  return { take };
}

/** sshd refuses at random from the tenth unauthenticated connection on (MaxStartups 10:30:100). */
export function startGate(limit = 8): StartGate {
  const perName = new Map<string, Slots>();
  return (name, signal) => {
    const own = perName.get(name) ?? slots(limit);
    perName.set(name, own);
    return own.take(signal);
  };
}
