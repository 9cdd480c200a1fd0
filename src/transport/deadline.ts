import { setMaxListeners } from 'node:events';
import type { Failure, Phase } from '../model/outcome.ts';

/** A caller's signal combined with a timer of its own; `failure` says which of the two it was. */
export type Deadline = Disposable & { readonly signal: AbortSignal; readonly failure: () => Failure };

export function deadline(outer: AbortSignal, ms: number, what: string, phase: Phase): Deadline {
  const controller = new AbortController();
  let failure: Failure = { kind: 'cancelled', phase };
  const cancel = () => controller.abort();
  const timer = setTimeout(() => {
    failure = { kind: 'timed-out', what, ms };
    controller.abort();
  }, ms);
  if (outer.aborted) cancel();
  const stop = onAbort(outer, cancel);
  return {
    signal: controller.signal,
    failure: () => failure,
    [Symbol.dispose]() {
      clearTimeout(timer);
      stop();
    },
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
