import ms from 'ms';

/** Milliseconds of `500ms`, `10s`, `2m` or `1.5h`, at most a day; null for anything else, a bare number included. */
export function durationMs(text: string): number | null {
  if (!/^\d+(\.\d+)?(ms|s|m|h)$/.test(text)) return null;
  const value = Math.round(ms(text as ms.StringValue));
  return value > 0 && value <= 86_400_000 ? value : null;
}
