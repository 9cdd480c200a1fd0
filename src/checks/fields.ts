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
