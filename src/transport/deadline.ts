import type { Failure, Phase } from '../model/outcome.ts';
import { onAbort } from '../util/async.ts';

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
