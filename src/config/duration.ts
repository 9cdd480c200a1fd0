import { z } from 'zod';
import { durationMs } from '../model/duration.ts';

const DAY = 86_400_000;

/** A duration of more than nothing and at most a day, as milliseconds. */
export const durationSchema = z
  .string()
  .transform((text, context) => {
    const milliseconds = Math.round(durationMs(text) ?? 0);
    if (milliseconds > 0 && milliseconds <= DAY) return milliseconds;
    context.addIssue({ code: 'custom', message: 'must be a duration such as 500ms, 10s or 2m, at most 24h' });
    return z.NEVER;
  })
  .meta({ examples: ['10s'] });
