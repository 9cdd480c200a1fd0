import { z } from 'zod';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { inOrder, retries, retryForOf, wrongWay } from '../fields.ts';
import { type Finding, levelOf, limitsInWords, reading, verdictOf } from '../judge.ts';

const OVER = ['1m', '5m', '15m'] as const;

const perProcessor = z.number().positive().max(1000);

const schema = z
  .strictObject({
    warn: perProcessor
      .meta({ description: 'From here on it passes with a warning, for each processor.', examples: [2] })
      .optional(),
    critical: perProcessor
      .meta({ description: 'From here on the check fails, for each processor.', examples: [4] })
      .optional(),
    over: z.enum(OVER).meta({ description: 'The time that it is averaged over.' }).default('5m'),
    ...retries,
  })
  .refine(({ warn, critical }) => warn !== undefined || critical !== undefined, 'needs warn, critical or both')
  .refine(inOrder('high'), wrongWay('high'))
  .meta({ examples: [{ warn: 2, critical: 4 }] });

/** How many processes want to run at once, for each processor. */
export const load = defineCheck({
  kind: 'load',
  about: 'Fewer processes want to run than that, for each processor.',
  schema: schema,
  label: ({ over }) => `load over ${over}`,
  retryForMs: (spec) => retryForOf(spec),
  quotes: 'never',
  asks: () => ({ script: sh`tell_load`, withinMs: 60_000 }),

  judge({ over, ...limits }, { text }) {
    const [, ...told] = /^load (\d{1,6}\.\d+) (\d{1,6}\.\d+) (\d{1,6}\.\d+) ([1-9]\d{0,4})$/m.exec(text) ?? [];
    const value = Number(told[OVER.indexOf(over)]);
    const processors = Number(told[3]);
    if (told.length === 0) return { ok: true, warning: true, detail: 'the host does not tell its load' };
    const each = value / processors;
    const level = levelOf(each, limits);
    const said = `${value} over ${over} on ${processors} ${processors === 1 ? 'processor' : 'processors'}`;
    const finding: Finding = {
      level,
      text: `${said}${level === 'ok' ? '' : limitsInWords(limits, ' for each')}`,
      reading: reading(`load ${over}`, each, 'count', limits),
    };
    return verdictOf([finding]);
  },
});
