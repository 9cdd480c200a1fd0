import type { ByHand, Drift, GenerationFacts, HostFacts, UnitState } from './facts.ts';
import type { Finding, Fixed } from './finding.ts';
import type { Keeper, OpenTransaction } from './holder.ts';
import type { GenerationId } from './ids.ts';
import type { Probation } from './probation.ts';

/** One transaction in a host's history. */
export type HistoryEntry = {
  /** ISO 8601, UTC, of the host's clock. */
  readonly at: string;
  readonly txn: string;
  /** deploy, repair, rollback, remove … */
  readonly action: string;
  readonly from: GenerationId;
  readonly to: GenerationId;
  readonly result: 'committed' | 'reverted' | 'revert-failed';
  readonly by: string;
  /** Why the host did it, where it did so by itself. */
  readonly because?: string;
};

/** What a person asked of services between two deploys. */
export type Handled = {
  /** ISO 8601, UTC, of the host's clock. */
  readonly at: string;
  readonly verb: string;
  readonly units: readonly string[];
  readonly generation: GenerationId;
  readonly result: 'done' | 'failed';
  readonly by: string;
};

/** A generation as its own record describes it. */
export type Made = GenerationFacts & {
  readonly at: string;
  readonly by: string;
  /** Git commit of the code, with ` dirty` when the tree had changes; `-` when unknown. */
  readonly source: string;
};

/** What a read-only command found on one host. */
export type HostReport =
  | {
      readonly kind: 'status';
      readonly generation: GenerationId;
      readonly runtime: string;
      /** Journal phase; IDLE when no transaction is open. */
      readonly phase: string;
      readonly open: OpenTransaction | null;
      readonly held: Keeper | null;
      readonly last: HistoryEntry | null;
      /** What the host watches by itself, or has gone back from; null where there is nothing of the kind. */
      readonly watch: Probation | null;
      readonly units: readonly UnitState[];
      readonly drift: readonly Drift[];
      readonly byHand: readonly ByHand[];
      /** Files of the release that were compared byte for byte with what was sealed; null where that was not asked. */
      readonly verified: number | null;
      readonly externalDropIns: HostFacts['externalDropIns'];
    }
  | {
      readonly kind: 'history';
      readonly active: GenerationId;
      /** Oldest first. */
      readonly entries: readonly HistoryEntry[];
      /** Oldest first. */
      readonly handled: readonly Handled[];
      readonly generations: readonly Made[];
    }
  | { readonly kind: 'lock'; readonly held: Keeper | null; readonly open: OpenTransaction | null }
  | {
      readonly kind: 'doctor';
      readonly generation: GenerationId;
      /** The worst first. */
      readonly findings: readonly Finding[];
      /** What `--fix` has done; the findings are those of after it. */
      readonly fixed: readonly Fixed[];
    };
