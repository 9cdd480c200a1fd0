import { z } from 'zod';
import { durationMs } from '../model/duration.ts';

export const duration = z
  .string()
  .refine((text) => durationMs(text) !== null, 'must be a duration such as 500ms, 10s or 2m, at most 24h');

export const within = duration
  .meta({ description: 'How long a deploy waits for it to pass.', examples: ['30s'] })
  .default('30s');

/** Milliseconds that a deploy waits for a check; a short form has no settings and so the default. */
export const withinOf = (spec: unknown): number =>
  milliseconds(
    typeof spec === 'object' && spec !== null && 'within' in spec ? String(spec.within) : within.parse(undefined),
  );

/** Of a duration that its schema has let pass. */
export const milliseconds = (text: string) => durationMs(text) ?? 0;

export const port = z.int().min(1).max(65_535);
