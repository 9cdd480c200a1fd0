import ms from 'ms';
import { z } from 'zod';

const DAY = 86_400_000;

/** Milliseconds of `500ms`, `10s`, `2m` or `1.5h`, at most a day; null for anything else, a bare number included. */
function durationMs(text: string): number | null {
  if (!/^\d+(\.\d+)?(ms|s|m|h)$/.test(text)) return null;
  const value = Math.round(ms(text as ms.StringValue));
  return value > 0 && value <= DAY ? value : null;
}

/** A duration as it was written; `milliseconds` reads it. */
export const duration = z.string().refine((text) => durationMs(text) !== null, {
  error: 'must be a duration such as 500ms, 10s or 2m, at most 24h',
  // What compares two of them has nothing to say where one is none.
  abort: true,
});

/** Of a duration that its schema has let pass. */
export const milliseconds = (text: string): number => durationMs(text) ?? 0;
