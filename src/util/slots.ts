import { onAbort } from './async.ts';

/** A counted resource; `take` waits for its turn and gives null when the signal aborted first. */
export type Slots = { readonly take: (signal: AbortSignal) => Promise<(() => void) | null> };

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
