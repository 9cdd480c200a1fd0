import type { GenerationId } from './ids.ts';

/** Who or what keeps a run from beginning on a host. */
export type Holder =
  /** A person, until a person lets go of it. `since` is the host's clock; null where it was set by this very run. */
  | { readonly kind: 'hold'; readonly by: string; readonly since: string | null; readonly reason: string }
  /** Somebody's run that makes a generation ready; null where it repairs. It ends with its connection. */
  | { readonly kind: 'run'; readonly by: string; readonly since: string; readonly generation: GenerationId | null }
  /** `running`: its runner lives; otherwise it was left unfinished. */
  | {
      readonly kind: 'transaction';
      readonly txn: string;
      readonly phase: string;
      readonly running: boolean;
      readonly by: string;
    }
  /** Somebody finishes what this operator's run has left. */
  | { readonly kind: 'recovery'; readonly by: string }
  /** A process that has not said whose it is, met before anything was begun or at the switch itself. */
  | { readonly kind: 'lock'; readonly at: 'claim' | 'switch' };

/** Those that a host tells of when it is only looked at. */
export type Keeper = Extract<Holder, { kind: 'hold' | 'run' }>;

/** A transaction that the journal shows as unfinished. */
export type OpenTransaction = {
  readonly txn: string;
  readonly from: number;
  readonly to: number;
  /** Whether its runner still lives; otherwise it waits for recovery. */
  readonly running: boolean;
  readonly by: string;
};
