import { type Script, sh } from '../shell/sh.ts';
import { wildcardPattern } from '../util/glob.ts';

/** One thermal zone of the kernel; null where it does not tell a temperature that can be one. */
export type Zone = { readonly type: string; readonly milliCelsius: number | null };

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

export const parseZones = (stdout: string): readonly Zone[] =>
  stdout.split('\n').flatMap((line) => {
    const [, told = '', type = ''] = /^([^;]*);(.*)$/.exec(line) ?? [];
    const milliCelsius = /^\d{1,9}$/.test(told) ? Number(told) : 0;
    if (line === '') return [];
    return [{ type, milliCelsius: milliCelsius > 0 && milliCelsius < HOTTEST ? milliCelsius : null }];
  });

/** The zones that count: those of the given types, else the processor's, and where there are none of those, all. */
export function chooseZones(zones: readonly Zone[], types: readonly string[] | undefined): readonly Zone[] {
  if (types !== undefined)
    return zones.filter(({ type }) => types.some((glob) => wildcardPattern(glob, 'i').test(type)));
  // One that tells nothing right now still counts: the others would be the wrong ones, a PMIC may tell 100 °C for ever.
  const processor = zones.filter(({ type }) => PROCESSOR.test(type));
  return processor.length > 0 ? processor : zones;
}
