import { seconds } from '../fields.ts';
import { type Finding, levelOf, limitsInWords, reading, timeInWords } from '../judge.ts';

/** An authority's client renews a month before the end, at most two weeks late. */
export const EXPIRY = { warn: '14d', critical: '3d' } as const;

type Times = { readonly from: number; readonly until: number; readonly of: string };

/**
 * Where a playbook names no limit: it warns as of a file, but for what lives for days only, which is renewed in its last third.
 * A service is well until its certificate is over, so that no deploy fails for one that will be.
 */
export function presetExpiry({ from, until }: Pick<Times, 'from' | 'until'>): { readonly warn: string } {
  const hours = Math.max(1, Math.floor((until - from) / 3 / 3_600_000));
  return { warn: hours * 3600 < seconds(EXPIRY.warn) ? `${hours}h` : EXPIRY.warn };
}

/** @param now milliseconds since 1970 */
export function expiryFinding(
  name: string,
  { from, until, of }: Times,
  now: number,
  words: { readonly warn?: string | undefined; readonly critical?: string | undefined },
): Finding {
  const left = (until - now) / 1000;
  const limits = {
    warn: words.warn === undefined ? undefined : seconds(words.warn),
    critical: words.critical === undefined ? undefined : seconds(words.critical),
  };
  const read = reading(`certificate ${name}`, left, 'seconds', limits);
  if (left <= 0) return { level: 'critical', text: `${of} is over for ${timeInWords(-left)}`, reading: read };
  if (now < from)
    return { level: 'critical', text: `${of} is not good before ${new Date(from).toISOString()}`, reading: read };
  const level = levelOf(left, limits, 'low');
  return {
    level,
    text: `${of} is good for ${timeInWords(left)}${level === 'ok' ? '' : limitsInWords(words)}`,
    reading: read,
  };
}
