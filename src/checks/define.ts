import type { z } from 'zod';
import type { BoundCheck, CheckIo, Verdict } from '../model/check.ts';
import type { Layout } from '../model/target.ts';

/** The whole contract of a check kind: a schema, a name for readers, and a read-only question to the host. */
export interface CheckKind<Kind extends string, Spec> {
  readonly kind: Kind;
  readonly schema: z.ZodType<Spec>;
  /** One line that names the check to a reader. */
  label(spec: Spec): string;
  /** How long a deploy waits for the check to pass, in milliseconds. */
  within(spec: Spec): number;
  check(spec: Spec, io: CheckIo, layout: Layout): Promise<Verdict>;
}

export const defineCheck = <const Kind extends string, Spec>(check: CheckKind<Kind, Spec>) => check;

export const bindCheck = <Spec>(kind: CheckKind<string, Spec>, spec: Spec, layout: Layout): BoundCheck => ({
  label: kind.label(spec),
  written: JSON.stringify({ [kind.kind]: spec }),
  withinMs: kind.within(spec),
  check: (io) => kind.check(spec, io, layout),
});
