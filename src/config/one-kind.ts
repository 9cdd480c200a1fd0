import { z } from 'zod';

/** One task, check or notifier as it is written: its kind and its valid spec. */
export type KindEntry = { readonly kind: string; readonly spec: unknown };

/** Exactly one key, which says the kind: the schema of a task, a check or a notifier, from its registry. */
export function oneKind(kinds: readonly { readonly kind: string; readonly schema: z.ZodType }[], what: string) {
  return z
    .strictObject(Object.fromEntries(kinds.map(({ kind, schema }) => [kind, schema.optional()])))
    .check((context) => {
      const keys = Object.keys(context.value);
      if (keys.length === 1) return;
      const message = `must have exactly one key, the kind of the ${what}; found ${keys.length === 0 ? 'none' : keys.join(' and ')}`;
      context.issues.push({ code: 'custom', input: context.value, message });
    })
    .transform((entry): KindEntry => {
      const [kind = '', spec] = Object.entries(entry)[0] ?? [];
      return { kind, spec };
    })
    .meta({ title: what, minProperties: 1, maxProperties: 1 });
}
