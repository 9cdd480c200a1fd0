import { z } from 'zod';

const NEW_NAMES = z.registry<{ readonly name: string }>();

/** The old name of a key, which is taken for as long as this stands beside the new one in a schema. */
export function oldNameOf<Schema extends z.ZodType>(name: string, schema: Schema) {
  const old = schema.meta({ deprecated: true, description: `Old name of ${name}.` });
  NEW_NAMES.add(old as z.ZodType, { name });
  return old.optional();
}

/** What a key is called now whose schema this is, or null where it has kept its name. */
export const newNameOf = (schema: Parameters<typeof NEW_NAMES.get>[0]): string | null =>
  NEW_NAMES.get(schema)?.name ?? null;
