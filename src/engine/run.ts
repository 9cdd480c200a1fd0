import type { EventBody } from '../model/events.ts';
import type { HostTarget } from '../model/target.ts';
import type { Connect } from '../transport/transport.ts';
import type { Meeting } from './fleet/same-machine.ts';

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
  /** The same host over a login as its `uploadUser`, which never becomes root; null when it has none. */
  readonly connectCode: Connect | null;
  /** The operator, e.g. `alice@laptop`. */
  readonly by: string;
  /** A fresh name for a transaction or a frame, in letters and digits. */
  readonly newId: () => string;
  /** Says what was found on the host, before anything is changed there: why it must be left alone, or null. */
  readonly alone: Meeting['alone'];
  /** Waits for every host of the run; absent when each is switched and confirmed by itself. False: one of them failed. */
  readonly together?: {
    /** Until all may be switched. */
    readonly staged: () => Promise<boolean>;
    /** Until all may be confirmed, for so many milliseconds at most: a host that goes back by itself takes all along. */
    readonly healthy: (withinMs: number) => Promise<boolean>;
  };
  /** Whether rsync is installed beside us. */
  readonly localRsync: boolean;
};

/** One app on one host, and its share of a run. */
export type Share = { readonly target: HostTarget; readonly run: HostRun };

/** Milliseconds for commands that only look or switch, so that a silent host is given up in time. */
export const QUICK = 60_000;

/** Milliseconds for a host to finish what a dead run left; it tries the way back three times, and each has its limits. */
export const RECOVERY = 900_000;
