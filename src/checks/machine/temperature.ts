import { z } from 'zod';
import type { Verdict } from '../../model/check.ts';
import { type Script, sh } from '../../shell/sh.ts';
import { wildcardPattern } from '../../util/glob.ts';
import { defineCheck } from '../define.ts';
import { excerpt } from '../detail.ts';
import { brief, brieflyFor, inOrder, wrongWay } from '../fields.ts';
import { reading } from '../judge.ts';

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
    ...brief,
  })
  .refine(inOrder('high'), wrongWay('high'));

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
  if (hottest === null) return { ok: true, detail: 'no zone reported a temperature' };

  const among = known.length === 1 ? '' : `, hottest of ${known.length} zones`;
  const said = `${excerpt(hottest.type)} ${degrees(hottest.milliCelsius)}${among}`;
  const readings = [
    reading(`temperature ${excerpt(hottest.type)}`, hottest.milliCelsius / 1000, 'celsius', { warn, critical }),
  ];
  if (hottest.milliCelsius >= critical * 1000)
    return { ok: false, detail: `${said}; critical is ${critical} °C`, readings };
  if (warn === undefined || hottest.milliCelsius < warn * 1000) return { ok: true, detail: said, readings };
  return {
    ok: true,
    warning: true,
    detail: `${said}; warm from ${warn} °C on, critical is ${critical} °C`,
    readings,
  };
}

/** Whether the host is cool enough, by what the kernel's thermal zones tell. Unknown is not hot. */
export const temperature = defineCheck({
  kind: 'temperature',
  about: 'The hottest thermal zone is below `critical`. Zones without a reading are ignored.',
  schema,
  quotes: 'never',
  label: ({ critical }) => `temperature below ${critical} °C`,
  retryForMs: (spec) => brieflyFor(spec),

  asks: () => ({ script: readZones('/sys/class/thermal'), withinMs: 60_000 }),

  judge: (spec, { text }) => judge(spec, parseZones(text)),
});

/** One thermal zone of the kernel; null where it does not tell a temperature that can be one. */
type Zone = { readonly type: string; readonly milliCelsius: number | null };

/** No chip runs hotter than this: sensors that are not there tell such numbers. */
const HOTTEST = 200_000;

/** Zones of the processors and their package, as Jetsons, small boards and PCs name them. */
const PROCESSOR = /^(?:(?:cpu|gpu|soc|tj|cv)[\w-]*[-_]therm(?:al)?|x86_pkg_temp)$/i;

/** Prints a line for each zone below a folder: what it tells, maybe nothing, then its type. Reading one may fail. */
export const readZones = (folder: string): Script => sh`for z in ${folder}/thermal_zone*; do
  [ -e "$z" ] || continue
  printf '%s;%s\n' "$(cat "$z/temp" 2>/dev/null | tr -d '\n')" "$(cat "$z/type" 2>/dev/null | tr -d '\n')"
done
:`;

const parseZones = (stdout: string): readonly Zone[] =>
  stdout.split('\n').flatMap((line) => {
    const [, value = '', type = ''] = /^([^;]*);(.*)$/.exec(line) ?? [];
    const milliCelsius = /^\d{1,9}$/.test(value) ? Number(value) : 0;
    if (line === '') return [];
    return [{ type, milliCelsius: milliCelsius > 0 && milliCelsius < HOTTEST ? milliCelsius : null }];
  });

/** The zones that count: those of the given types, else the processor's, and where there are none of those, all. */
function chooseZones(zones: readonly Zone[], types: readonly string[] | undefined): readonly Zone[] {
  if (types !== undefined)
    return zones.filter(({ type }) => types.some((glob) => wildcardPattern(glob, 'i').test(type)));
  // One that tells nothing right now still counts: the others would be the wrong ones, a PMIC may tell 100 °C for ever.
  const processor = zones.filter(({ type }) => PROCESSOR.test(type));
  return processor.length > 0 ? processor : zones;
}
