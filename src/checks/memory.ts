import { z } from 'zod';
import type { Verdict } from '../model/check.ts';
import { type Script, sh } from '../shell/sh.ts';
import { sizeParts } from '../unit/values/size.ts';
import { defineCheck } from './define.ts';
import { excerpt, reason } from './detail.ts';
import { listOf, retries, retryForOf, unitNames } from './fields.ts';

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
        ...retries,
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
  const inWords = (list: readonly MemoryUse[]) => list.map(useInWords).join('; ');
  const near = from(warn);
  if (near.length > 0) {
    const over = critical === undefined ? [] : from(critical);
    if (over.length > 0) return { ok: false, detail: `${inWords(over)}; critical is ${critical} %: ${ADVICE}` };
    const next = critical === undefined ? '' : `, critical is ${critical} %`;
    return { ok: true, warning: true, detail: `${inWords(near)}; warns from ${warn} %${next}: ${ADVICE}` };
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
  retryForMs: (spec) => retryForOf(spec),
  quotes: false,

  async check(spec, io) {
    const { units, ...limits } = normal(spec);
    const ran = await io.run(readMemory(units), 10_000);
    if (!ran.ok) return { ok: false, detail: reason(ran.failure) };
    const { code, stdout, stderr } = ran.value;
    if (code === 0 && stdout.trim() === '') return { ok: true, detail: 'no limit without systemd' };
    const uses = code === 0 ? parseMemory(stdout, units) : null;
    if (uses !== null) return judge(limits, uses);
    return {
      ok: true,
      warning: true,
      detail: `memory cannot be read: exit ${code}: ${excerpt(stderr.trim() || stdout)}`,
    };
  },
});

/** What systemd tells of the memory of a unit, in bytes; null for what it does not tell, and for a limit not set. */
type MemoryUse = {
  readonly unit: string;
  readonly used: number | null;
  readonly high: number | null;
  readonly limit: number | null;
};

/** Prints a block of properties for each unit, in their order; nothing where systemd does not run the host. */
export const readMemory = (units: readonly string[]): Script =>
  sh`[ -d /run/systemd/system ] && [ "$(cat /proc/1/comm)" = systemd ] || exit 0
systemctl show -p Id,MemoryCurrent,MemoryHigh,MemoryMax -- ${units}`;

/** Null when these are not the blocks of those units. */
function parseMemory(stdout: string, units: readonly string[]): readonly MemoryUse[] | null {
  const blocks = stdout.trim().split(/\n{2,}/);
  if (blocks.length !== units.length) return null;
  return units.map((unit, i) => {
    const bytes = (property: string) => parseBytes(blocks[i] ?? '', property);
    return { unit, used: bytes('MemoryCurrent'), high: bytes('MemoryHigh'), limit: bytes('MemoryMax') || null };
  });
}

/** Not told are `[not set]`, `infinity` and 2^64-1, which older systemd prints for both; no host has 20 digits. */
function parseBytes(block: string, property: string): number | null {
  const [, digits] = new RegExp(`^${property}=(\\d{1,15})$`, 'm').exec(block) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** How much of its limit a unit uses, in percent; null where one of them is unknown. */
const shareOf = ({ used, limit }: MemoryUse): number | null =>
  used === null || limit === null ? null : (used * 100) / limit;

/** `14 GiB` */
function words(bytes: number): string {
  const { amount, unit } = sizeParts(bytes);
  return `${amount} ${unit === '' ? '' : `${unit}i`}B`;
}

/** `xswarm-voice.service 12.8 of 16 GiB (80 %)`; the share is cut, so that it never shows a limit that was not reached. */
function useInWords({ unit, used, high, limit }: MemoryUse): string {
  if (used === null) return `${unit}: its memory is unknown`;
  const above = high !== null && used > high ? `, above MemoryHigh (${words(high)})` : '';
  if (limit === null) return `${unit} ${words(used)}, no limit${above}`;
  const of = sizeParts(used);
  const amount = of.unit === sizeParts(limit).unit ? of.amount : words(used);
  return `${unit} ${amount} of ${words(limit)} (${Math.floor((used * 100) / limit)} %)${above}`;
}
