import { z } from 'zod';
import { duration, milliseconds } from '../util/duration.ts';

export const within = duration
  .meta({
    description: 'How long a deploy waits for it to pass; by default as long as its deadline allows.',
    examples: ['30s'],
  })
  .optional();

/** Milliseconds that a deploy waits for a check; null for as long as its deadline allows. */
export const withinOf = (spec: unknown): number | null =>
  typeof spec === 'object' && spec !== null && 'within' in spec && typeof spec.within === 'string'
    ? milliseconds(spec.within)
    : null;

export const port = z.int().min(1).max(65_535);

const unitName = z
  .string()
  .max(255)
  .regex(
    /^[\w:\\][\w:.\\-]*(@[\w:.\\-]+)?\.(service|target|timer|socket|path|slice|mount)$/,
    'must be a unit with its suffix, such as jarvis.service or worker@1.service',
  );

/** A unit, or a list of them. */
export const unitNames = z.union([
  unitName,
  z
    .array(unitName)
    .min(1)
    .refine((list) => new Set(list).size === list.length, 'must not name a unit twice'),
]);

/** Always a list. */
export const listOf = (named: z.infer<typeof unitNames>): readonly string[] =>
  typeof named === 'string' ? [named] : named;
