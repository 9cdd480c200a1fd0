import { z } from 'zod';
import type { Verdict } from '../model/check.ts';
import { defineCheck } from './define.ts';
import { within, withinOf } from './fields.ts';
import { type MemoryUse, parseMemory, readMemory, shareOf, useInWords } from './memory-use.ts';
import { listOf, unitNames } from './unit-names.ts';
import { excerpt, reason } from './words.ts';

const WARN = 80;

const percent = z.number().positive().max(100);

const schema = z
  .union([
    unitNames,
    z
      .strictObject({
        unit: unitNames,
        warn: percent
          .meta({ description: 'From this share of MemoryMax on it passes with a warning, in percent.' })
          .default(WARN),
        critical: percent
          .meta({ description: 'From this share on the check fails, in percent; without it, it only warns.' })
          .optional(),
        within,
      })
      .refine(({ warn, critical }) => critical === undefined || warn < critical, {
        path: ['warn'],
        message: `must be below critical (it is ${WARN} when it is not set)`,
      }),
  ])
  .meta({ examples: ['jarvis.service', { unit: ['jarvis.service', 'jarvis-web.service'], warn: 80, critical: 95 }] });

type Limits = { readonly warn: number; readonly critical?: number | undefined };

const normal = (spec: z.infer<typeof schema>) =>
  typeof spec === 'object' && 'unit' in spec
    ? { ...spec, units: listOf(spec.unit) }
    : { units: listOf(spec), warn: WARN, critical: undefined };

const ADVICE = 'raise MemoryMax=, lower the load or run more instances';

function judge({ warn, critical }: Limits, uses: readonly MemoryUse[]): Verdict {
  const from = (percent: number) => uses.filter((use) => (shareOf(use) ?? 0) >= percent);
  const told = (list: readonly MemoryUse[]) => list.map(useInWords).join('; ');
  const near = from(warn);
  if (near.length > 0) {
    const over = critical === undefined ? [] : from(critical);
    if (over.length > 0) return { ok: false, detail: `${told(over)}; critical is ${critical} %: ${ADVICE}` };
    const next = critical === undefined ? '' : `, critical is ${critical} %`;
    return { ok: true, warning: true, detail: `${told(near)}; warns from ${warn} %${next}: ${ADVICE}` };
  }
  const [fullest] = [...uses].sort((a, b) => (shareOf(b) ?? -1) - (shareOf(a) ?? -1));
  if (fullest === undefined) return { ok: true, detail: 'no unit' };
  return { ok: true, detail: `${useInWords(fullest)}${uses.length === 1 ? '' : `, fullest of ${uses.length} units`}` };
}

/** How near services are to MemoryMax, which systemd kills them at. What is unknown or without a limit is not near it. */
export const memory = defineCheck({
  kind: 'memory',
  schema,
  label: (spec) => excerpt(`memory ${normal(spec).units.join(', ')}`),
  within: (spec) => withinOf(spec),
  quotes: false,

  async check(spec, io) {
    const { units, ...limits } = normal(spec);
    const ran = await io.run(readMemory(units), 10_000);
    if (!ran.ok) return { ok: false, detail: reason(ran.failure) };
    const { code, stdout, stderr } = ran.value;
    if (code === 0 && stdout.trim() === '') return { ok: true, detail: 'no limit without systemd' };
    const uses = code === 0 ? parseMemory(stdout, units) : null;
    if (uses !== null) return judge(limits, uses);
    return { ok: true, warning: true, detail: `memory is not told: exit ${code}: ${excerpt(stderr.trim() || stdout)}` };
  },
});
