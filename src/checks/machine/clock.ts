import { z } from 'zod';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { brief, brieflyFor, inOrder, secondsOf, span, wrongWay } from '../fields.ts';
import { levelOf, limitsInWords, numberIn, reading, timeInWords, verdictOf } from '../judge.ts';

const PRESET = { warn: '10s', critical: '5m' } as const;

const schema = z
  .strictObject({
    warn: span.meta({ description: 'From here on it passes with a warning.', examples: ['10s'] }).default(PRESET.warn),
    critical: span.meta({ description: 'From here on the check fails.', examples: ['5m'] }).default(PRESET.critical),
    ...brief,
  })
  .refine(
    inOrder('high', secondsOf),
    wrongWay('high', ` (they are ${PRESET.warn} and ${PRESET.critical} when they are not set)`),
  )
  .meta({ examples: [{ warn: '10s', critical: '5m' }] });

/**
 * How far the host's clock is from this machine's. The host told its time at some moment between question and answer: it
 * is off by no less than what no such moment explains.
 */
export const clock = defineCheck({
  kind: 'clock',
  about: "The host's clock is no further from this machine's.",
  schema,
  label: () => 'clock of the host',
  retryForMs: (spec) => brieflyFor(spec),
  quotes: 'never',
  asks: () => ({ script: sh`tell_clock`, withinMs: 60_000 }),

  judge({ warn, critical }, { text, from, to, up }) {
    const [, epoch, at] = /^clock (\d+) (\d+)$/m.exec(text) ?? [];
    const told = numberIn(epoch);
    if (told === null) return { ok: true, warning: true, detail: 'the host does not tell its time' };
    // It tells whole seconds, and so a time of up to one later.
    const behind = Math.max(0, from / 1000 - (told + 1));
    const since = up === null ? 0 : Math.max(0, (up - (numberIn(at) ?? up)) / 100);
    const ahead = Math.max(0, told - (to / 1000 - since));
    const off = Math.max(behind, ahead);
    const limits = { warn: secondsOf(warn), critical: secondsOf(critical) };
    const level = levelOf(off, limits);
    const said =
      off < 1 ? 'as this machine has it' : `${timeInWords(off)} ${ahead > 0 ? 'ahead of' : 'behind'} this machine`;
    return verdictOf([
      {
        level,
        text: `${said}${level === 'ok' ? '' : limitsInWords({ warn, critical })}`,
        reading: reading('clock of the host', off, 'seconds', limits),
      },
    ]);
  },
});
