import type { Before } from '../model/check.ts';
import type { AppLook } from '../model/look.ts';
import { MOST_REMEMBERED, type MonitorState, type Remembered } from './state.ts';
import { isSwitching } from './tree.ts';

const WEEK = 7 * 86_400_000;
/** No app has more; those that were read last stay. */
const MOST_OF_AN_APP = 300;

/** No name of a host or an app holds a tab. */
const placeOf = (host: string, app: string) => `${host}\t${app}`;

/**
 * The last value of all that checks have read, for their next look. What was not read this time stays for a week: a log that
 * is being rotated is gone for a moment, and is not to be read again from its beginning.
 */
export function remembered(
  before: MonitorState['readings'],
  looks: readonly AppLook[],
  known: readonly { readonly host: string; readonly app: string }[],
  at: number,
): MonitorState['readings'] {
  const places = new Set(known.map(({ host, app }) => placeOf(host, app)));
  const kept = new Map(Object.entries(before).filter(([place]) => places.has(place)));
  for (const look of looks) {
    // What was read in a deploy was judged by nobody.
    if (!look.seen || isSwitching(look.transaction)) continue;
    const place = placeOf(look.host, look.app);
    const values = new Map(Object.entries(kept.get(place) ?? {}).filter(([, [, when]]) => at - when < WEEK));
    for (const { name, value } of look.checks.flatMap(({ readings }) => readings)) {
      values.delete(name);
      values.set(name, [value, at]);
    }
    kept.delete(place);
    if (values.size > 0) kept.set(place, Object.fromEntries([...values].slice(-MOST_OF_AN_APP)));
  }
  return bounded(kept);
}

/** Of too many the apps that were looked at last. */
function bounded(all: ReadonlyMap<string, Remembered>): MonitorState['readings'] {
  let left = MOST_REMEMBERED;
  const some = [...all].reverse().filter(([, values]) => {
    left -= Object.keys(values).length;
    return left >= 0;
  });
  return Object.fromEntries(some.reverse());
}

export function lastOf({ readings }: MonitorState, host: string, app: string): Before {
  const values = new Map(Object.entries(readings[placeOf(host, app)] ?? {}));
  return (name) => values.get(name)?.[0] ?? null;
}
