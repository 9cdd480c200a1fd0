import { z } from 'zod';

const name = z
  .string()
  .max(255)
  .regex(
    /^[\w:\\][\w:.\\-]*(@[\w:.\\-]+)?\.(service|target|timer|socket|path|slice|mount)$/,
    'must be a unit with its suffix, such as jarvis.service or worker@1.service',
  );

/** A unit, or a list of them. */
export const unitNames = z.union([
  name,
  z
    .array(name)
    .min(1)
    .refine((list) => new Set(list).size === list.length, 'must not name a unit twice'),
]);

/** Always a list. */
export const listOf = (named: z.infer<typeof unitNames>): readonly string[] =>
  typeof named === 'string' ? [named] : named;
