import { z } from 'zod';
import type { Verdict } from '../model/check.ts';
import { duration } from '../util/duration.ts';
import { defineCheck } from './define.ts';
import { withinOf } from './fields.ts';
import { chooseZones, parseZones, readZones, type Zone } from './temperature-zones.ts';
import { excerpt, reason } from './words.ts';

const celsius = z.number().positive().max(150);
const glob = z.string().regex(/^[\w.*?-]+$/, 'must be the type of a thermal zone such as tj-thermal or cpu*');

const schema = z
  .strictObject({
    critical: celsius.meta({ description: 'From here on the check fails, in °C.', examples: [85] }),
    warn: celsius.meta({ description: 'From here on it passes with a warning, in °C.', examples: [75] }).optional(),
    zones: z
      .array(glob)
      .min(1)
      .meta({
        description: "Types of the thermal zones that count; by default the processor's, else all.",
        examples: [['tj-thermal', 'gpu*']],
      })
      .optional(),
    within: duration
      .meta({ description: 'How long a deploy waits for it to pass. Nothing cools down quickly.', examples: ['1s'] })
      .default('1s'),
  })
  .refine(({ warn, critical }) => warn === undefined || warn < critical, {
    path: ['warn'],
    message: 'must be below critical',
  });

type Spec = z.infer<typeof schema>;

/** Whole tenths, cut: what is shown never reaches a limit that was not reached. */
const degrees = (milli: number) => `${Math.floor(milli / 100) / 10} °C`;

function judge({ critical, warn, zones: types }: Spec, zones: readonly Zone[]): Verdict {
  const chosen = chooseZones(zones, types);
  const known = chosen.flatMap(({ type, milliCelsius }) => (milliCelsius === null ? [] : [{ type, milliCelsius }]));
  const hottest = known.reduce<(typeof known)[number] | null>(
    (most, zone) => (most === null || zone.milliCelsius > most.milliCelsius ? zone : most),
    null,
  );
  if (types !== undefined && zones.length > 0 && chosen.length === 0) {
    const there = excerpt([...new Set(zones.map(({ type }) => type))].join(', '));
    return { ok: true, warning: true, detail: `no zone of the type ${types.join(' or ')}; the host has ${there}` };
  }
  // Unknown is not hot: many hosts have no sensor, and a zone may tell nothing for a while.
  if (hottest === null) return { ok: true, detail: 'no zone told a temperature' };

  const among = known.length === 1 ? '' : `, hottest of ${known.length} zones`;
  const told = `${excerpt(hottest.type)} ${degrees(hottest.milliCelsius)}${among}`;
  if (hottest.milliCelsius >= critical * 1000) return { ok: false, detail: `${told}; critical is ${critical} °C` };
  if (warn === undefined || hottest.milliCelsius < warn * 1000) return { ok: true, detail: told };
  return { ok: true, warning: true, detail: `${told}; warm from ${warn} °C on, critical is ${critical} °C` };
}

/** Whether the host is cool enough, by what the kernel's thermal zones tell. Unknown is not hot. */
export const temperature = defineCheck({
  kind: 'temperature',
  schema,
  quotes: false,
  label: ({ critical }) => `temperature below ${critical} °C`,
  within: (spec) => withinOf(spec),

  async check(spec, io) {
    const ran = await io.run(readZones('/sys/class/thermal'), 10_000);
    if (!ran.ok) return { ok: false, detail: reason(ran.failure) };
    return judge(spec, parseZones(ran.value.stdout));
  },
});
