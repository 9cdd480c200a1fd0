import type { z } from 'zod';
import { duration, milliseconds } from '../../util/duration.ts';
import { limits, millisecondsOf } from '../fields.ts';
import { type Finding, levelOf, limitsInWords, reading } from '../judge.ts';

export const latency = limits(duration, 'high', millisecondsOf).meta({
  description: 'How long it may take, from this machine and back.',
  examples: [{ warn: '500ms', critical: '2s' }],
});

export type Latency = z.infer<typeof latency>;

export function latencyFinding(name: string, tookMs: number, words: Latency = {}): Finding {
  const limits = {
    warn: words.warn === undefined ? undefined : milliseconds(words.warn) / 1000,
    critical: words.critical === undefined ? undefined : milliseconds(words.critical) / 1000,
  };
  return {
    level: levelOf(tookMs / 1000, limits),
    text: `it took ${Math.floor(tookMs)} ms${limitsInWords(words)}`,
    reading: reading(`latency ${name}`, tookMs / 1000, 'seconds', limits),
  };
}
