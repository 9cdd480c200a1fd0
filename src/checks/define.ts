import type { z } from 'zod';
import type { BoundCheck, CheckIo, Place, Verdict } from '../model/check.ts';
import type { DeclaredFolder } from '../model/declared.ts';
import type { Layout } from '../model/layout.ts';
import { confirmOf } from './fields.ts';

/** The whole contract of a check kind: a schema, a name for readers, and a read-only question to the host. */
export interface CheckKind<Kind extends string, Spec> {
  readonly kind: Kind;
  readonly schema: z.ZodType<Spec>;
  /** One line that names the check to a reader. */
  label(spec: Spec): string;
  /** How long a deploy tries the check again, in milliseconds; null for as long as its deadline allows. */
  retryForMs(spec: Spec): number | null;
  /** Whether what it says of a pass may hold words of the host's programs: a secret has to be looked for in them. */
  readonly quotes: boolean;
  /** Good runs of a monitor in a row after which it is well again; 1 unless told. */
  readonly recoverAfter?: number;
  /** Where it connects to from the host, if it does. */
  dials?(spec: Spec): Place;
  check(spec: Spec, io: CheckIo, layout: Layout): Promise<Verdict>;
  /** Why an app must not have such a check, as far as that can be seen without its host; null when it may. */
  refuses?(spec: Spec, layout: Layout, folders: readonly DeclaredFolder[]): string | null;
  /** What is kept with a generation, where that is not the spec as the playbook has it; `kept` reads it, and older ones. */
  keep?(spec: Spec): unknown;
  readonly kept?: z.ZodType<Spec>;
}

export const defineCheck = <const Kind extends string, Spec>(check: CheckKind<Kind, Spec>) => check;

export const bindCheck = <Spec>(kind: CheckKind<string, Spec>, spec: Spec, layout: Layout): BoundCheck => ({
  label: kind.label(spec),
  written: JSON.stringify({ [kind.kind]: kind.keep === undefined ? spec : kind.keep(spec) }),
  retryForMs: kind.retryForMs(spec),
  dials: kind.dials?.(spec) ?? null,
  quotes: kind.quotes,
  recoverAfter: kind.recoverAfter ?? 1,
  confirm: confirmOf(spec) ?? { runs: 1, of: 1 },
  check: (io) => kind.check(spec, io, layout),
});
