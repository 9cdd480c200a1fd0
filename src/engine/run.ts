import type { EventBody } from '../model/events.ts';
import type { Connect } from '../transport/transport.ts';

/** What a run gives to everything that works on one host. */
export type RunContext = {
  /** Aborted by the operator's Ctrl-C. Taking back what was begun never runs under it. */
  readonly signal: AbortSignal;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly emit: (event: EventBody) => void;
};

/** One host's share of a run: its context and the world that the engine may not import. */
export type HostRun = RunContext & {
  readonly connect: Connect;
  /** The same host over a login as its `codeUser`, which never becomes root; null when it has none. */
  readonly connectCode: Connect | null;
  /** The operator, e.g. `alice@laptop`. */
  readonly by: string;
  /** A fresh name for a transaction or a frame, in letters and digits. */
  readonly newId: () => string;
  /** Waits until every host of the run is ready to be confirmed; absent when each is confirmed by itself. */
  readonly together?: () => Promise<boolean>;
  /** Whether rsync is installed beside us. */
  readonly localRsync: boolean;
};

/** Milliseconds for commands that only look or switch, so that a silent host is given up in time. */
export const QUICK = 60_000;

/** Waits, or returns early when the signal aborts. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
