import { setMaxListeners } from 'node:events';

/** `map` with at most `limit` calls under way at a time; results in the order of the items. */
export async function mapLimited<T, R>(
  items: readonly T[],
  limit: number,
  map: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.entries();
  const worker = async () => {
    for (const [i, item] of queue) results[i] = await map(item, i);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return results;
}

/** Remembers the promise of each key, so that work asked for at the same time is done once. */
export function once<R>(): (key: string, make: () => Promise<R>) => Promise<R> {
  const made = new Map<string, Promise<R>>();
  return (key, make) => {
    const known = made.get(key) ?? make();
    made.set(key, known);
    return known;
  };
}

/** Calls the listener when the signal aborts; soon, never at once, if it already has. Returns the way to stop listening. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  let listening = true;
  const call = () => {
    if (listening) listener();
  };
  // One signal serves a whole fleet; many listeners are no leak.
  setMaxListeners(0, signal);
  if (signal.aborted) queueMicrotask(call);
  else signal.addEventListener('abort', call, { once: true });
  return () => {
    listening = false;
    signal.removeEventListener('abort', call);
  };
}

/**
 * A signal that aborts with another one, or after so many milliseconds. In place of `AbortSignal.timeout` within
 * `AbortSignal.any`, which Node 20 forgets at a garbage collection, so that it never comes.
 */
export function within(signal: AbortSignal, ms: number): AbortSignal {
  const both = new AbortController();
  const timer = setTimeout(() => {
    stop();
    both.abort(new DOMException('The time is up', 'TimeoutError'));
  }, ms);
  timer.unref();
  const stop = onAbort(signal, () => {
    clearTimeout(timer);
    both.abort(signal.reason);
  });
  if (signal.aborted) both.abort(signal.reason);
  return both.signal;
}

/** Waits, but no longer than the signal allows. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stop();
      resolve();
    };
    const timer = setTimeout(done, ms);
    const stop = onAbort(signal, done);
  });
}

/** Something to wait at until somebody opens it; it closes behind whoever has waited. */
export function latch(): { readonly open: () => void; readonly opened: () => Promise<void> } {
  let isOpen = false;
  let go = () => {};
  return {
    open() {
      isOpen = true;
      go();
    },
    async opened() {
      if (!isOpen)
        await new Promise<void>((resolve) => {
          go = resolve;
        });
      isOpen = false;
    },
  };
}
