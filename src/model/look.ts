import type { Reading } from './reading.ts';

/** How well something is. What could not be looked at has none. */
export type Level = 'ok' | 'warn' | 'crit';

/** In how many of the last runs a check has to be bad before it counts. */
export type Confirm = { readonly runs: number; readonly of: number };

/** A check as one run has seen it, after it was asked again. All text is harmless on a terminal and free of secrets. */
export type CheckLook = {
  readonly check: string;
  readonly level: Level;
  readonly detail: string;
  readonly readings: readonly Reading[];
  readonly confirm: Confirm;
  /** Good runs in a row after which it is well again. */
  readonly recoverAfter: number;
  readonly evidence: readonly string[];
  /** The last words of that run of the service. */
  readonly log: readonly string[];
  readonly fix: string | null;
  /** How often it was asked in this run. */
  readonly tries: number;
  /** Which time it is that something has happened: as long as it is bad another one is news by itself. Null where it only is as it is. */
  readonly event: string | null;
};

/** The generation that is live, and the change that made it so; null where the host does not tell. */
export type LiveLook = {
  readonly generation: number;
  readonly change: { readonly at: number; readonly by: string; readonly from: number } | null;
};

/** A transaction that is open on a host; times are the host's own. */
export type TransactionLook = {
  readonly by: string;
  readonly phase: string;
  readonly running: boolean;
  /** Milliseconds until it must have ended; negative when it should have long ago; null where it does not say. */
  readonly leftMs: number | null;
};

/** What one run has seen of one app on one host. */
export type AppLook = {
  readonly host: string;
  readonly app: string;
  /** Names of the hosts that it is reached through, outermost first. */
  readonly jumps: readonly string[];
} & (
  | {
      readonly seen: true;
      readonly live: LiveLook;
      readonly transaction: TransactionLook | null;
      readonly checks: readonly CheckLook[];
      /** Checks that would only say again what another has said. */
      readonly unjudged: readonly string[];
    }
  | {
      readonly seen: false;
      /**
       * How far it came: no answer from the host, none that lets us in, no answer about the app; `run`: it was not come to, so
       * that nothing is known.
       */
      readonly stopped: 'network' | 'login' | 'app' | 'run';
      readonly detail: string;
      /** What may be the matter. */
      readonly evidence: readonly string[];
      /** How many checks the playbook has. */
      readonly checks: number;
    }
);

/** What a look said, and by which rule it counts. */
export type Verdict = {
  readonly at: number;
  /** How often it was asked in that run. */
  readonly tries: number;
  readonly detail: string;
  readonly readings: readonly Pick<Reading, 'name' | 'value' | 'unit' | 'warn' | 'critical'>[];
  readonly confirm: Confirm;
  readonly recoverAfter: number;
};
