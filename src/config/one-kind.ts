import { z } from 'zod';

/** One task, check or notifier as it is written: its kind and its valid spec. */
export type KindEntry = { readonly kind: string; readonly spec: unknown };

/** What registries hold: of all that a kind is, how it is written and what it is for. */
type Kind = { readonly kind: string; readonly about: string; readonly schema: z.ZodType };

/** Exactly one key, which says the kind: the schema of a task, a check or a notifier, from its registry. */
export function oneKind(kinds: readonly Kind[], what: string) {
  return z
    .strictObject(
      Object.fromEntries(
        kinds.map(({ kind, about, schema }) => [kind, schema.meta({ description: about }).optional()]),
      ),
    )
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
