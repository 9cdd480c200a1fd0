import { z } from 'zod';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { inOrder, percent, retries, retryForOf, wrongWay } from '../fields.ts';
import { levelOf, limitsInWords, numberIn, reading, shares, verdictOf } from '../judge.ts';

const schema = z
  .strictObject({
    warn: percent.meta({ description: 'From here on it passes with a warning, in percent in use.' }).optional(),
    critical: percent.meta({ description: 'From here on the check fails, in percent in use.' }).optional(),
    ...retries,
  })
  .refine(({ warn, critical }) => warn !== undefined || critical !== undefined, 'needs warn, critical or both')
  .refine(inOrder('high'), wrongWay('high'))
  .meta({ examples: [{ warn: 50, critical: 90 }] });

/** How much of its swap the host uses; one without any is well. */
export const swap = defineCheck({
  kind: 'swap',
  about: 'Less of the swap is used, or there is none.',
  schema: schema,
  label: () => 'swap of the host',
  retryForMs: (spec) => retryForOf(spec),
  quotes: 'never',
  asks: () => ({ script: sh`tell_memory`, withinMs: 60_000 }),

  judge(limits, { text }) {
    const kib = (key: string) => numberIn(new RegExp(`^${key} (\\d+)$`, 'm').exec(text)?.[1]);
    const [total, free] = [kib('SwapTotal'), kib('SwapFree')];
    if (total === null || free === null || free > total)
      return { ok: true, warning: true, detail: 'the host does not tell its swap' };
    if (total === 0) return { ok: true, detail: 'no swap' };
    const used = ((total - free) * 100) / total;
    const level = levelOf(used, limits);
    return verdictOf([
      {
        level,
        text: `${Math.floor(used)} % in use${level === 'ok' ? '' : limitsInWords(limits, ' %')}`,
        reading: reading('swap of the host', used / 100, 'ratio', shares(limits), 1),
      },
    ]);
  },
});
