import type { GenerationId } from './ids.ts';

/** How a host goes on looking at a generation by itself behind the commit of its deploy, and when it goes back. */
export type WatchPolicy = {
  readonly forMs: number;
  readonly everyMs: number;
  /** How often one of its units may start again. */
  readonly restarts: number;
  /** How often in a row a check must fail, or a unit not be running. */
  readonly failures: number;
};

/** What a generation is watched by: the policy, and the checks that its host can ask alone. */
export type Watch = WatchPolicy & {
  readonly checks: readonly { readonly label: string; readonly words: readonly string[] }[];
};

/** A generation that its host watches, or has left by itself. */
export type Probation = {
  /** `going`: the host is on its way back; `back`: it went back, and nothing was deployed or rolled back since. */
  readonly state: 'on' | 'going' | 'back';
  /** Where it goes back to. */
  readonly from: GenerationId;
  readonly to: GenerationId;
  /** Milliseconds until it is over, by the host's clock. */
  readonly leftMs: number;
  /** Whether the process that watches is there. */
  readonly running: boolean;
  /** When it began, or when the host went back; ISO 8601, UTC, of the host's clock. */
  readonly at: string;
  /** Who deployed it. */
  readonly by: string;
  /** Why the host goes or went back; '' while it does not. */
  readonly because: string;
};
