import type { AppLook } from '../model/look.ts';
import type { Reading } from '../model/reading.ts';
import { MOST_TRENDS, type MonitorState, type Point, type Trend } from './state.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How far apart points of an age are; each divides the next, so that those of a finer time are where a coarser one looks. */
const TIERS = [
  { youngerThan: 2 * HOUR, apart: 5 * MINUTE },
  { youngerThan: 2 * DAY, apart: HOUR },
  { youngerThan: 30 * DAY, apart: 12 * HOUR },
] as const;

/** Over what times a slope is looked for, the longest that has one first. */
const WINDOWS = [30 * DAY, 10 * DAY, 2 * DAY, 12 * HOUR, 3 * HOUR] as const;
/** So many points of a window count, evenly spread: else the many of late would outvote all others. */
const SAMPLES = 24;
const FEWEST = 8;
const SHORTEST = HOUR;
/** Of all pairs of points so many more go the same way than the other. */
const AGREE = 0.7;
/** What the last quarter of a window has to add of all. */
const GOES_ON = 0.1;
/** Nothing is foretold further ahead than so many times as long as it was seen. */
const AHEAD = 4;

/** Memory, of services and hosts, and disks: what fills slowly, and does harm when it is full. */
const isTrended = ({ name }: Reading) => /^(memory|disk) /.test(name);
/** The same for all apps of a host. */
const isOfHost = (name: string) => name.startsWith('disk ') || name === 'memory of the host';

const appOf = (app: string, name: string) => (isOfHost(name) ? null : app);
const keyOf = (host: string, app: string | null, name: string) => [host, app ?? '', name].join('\t');

/** What a run has read, beside what earlier ones have; of hosts that are no longer known nothing stays. */
export function trendsAfter(
  before: MonitorState['trends'],
  looks: readonly AppLook[],
  known: readonly { readonly host: string }[],
  at: number,
): MonitorState['trends'] {
  const hosts = new Set(known.map(({ host }) => host));
  const trends = new Map(
    Object.entries(before).flatMap(([key, trend]): [string, Trend][] => {
      const points = thinned(trend.points, at);
      return points.length === 0 || !hosts.has(trend.host) ? [] : [[key, { ...trend, points }]];
    }),
  );
  for (const look of looks) {
    if (!look.seen) continue;
    for (const reading of look.checks.flatMap(({ readings }) => readings).filter(isTrended)) {
      const { host } = look;
      const { name, unit, limit, value } = reading;
      const app = appOf(look.app, name);
      const key = keyOf(host, app, name);
      const old = trends.get(key);
      if (old === undefined && trends.size >= MOST_TRENDS) continue;
      const points = thinned([...(old?.points ?? []), [at, Number(value.toPrecision(6))]], at);
      trends.set(key, { host, app, name, unit, limit, points });
    }
  }
  return Object.fromEntries(trends);
}

/** The oldest of each stretch, so that thinning twice is thinning once. @param points oldest first */
export function thinned(points: readonly Point[], now: number): readonly Point[] {
  const taken = new Set<string>();
  return points.filter(([at]) => {
    const tier = TIERS.find(({ youngerThan }) => now - at < youngerThan);
    if (tier === undefined) return false;
    const stretch = `${tier.apart} ${Math.floor(at / tier.apart)}`;
    const isFirst = !taken.has(stretch);
    taken.add(stretch);
    return isFirst;
  });
}

/** How a number moves, where that is sure: per millisecond, and over how many of those it was seen. */
export type Slope = { readonly perMs: number; readonly overMs: number };

/**
 * The slope of the longest time that has a sure one: of at least eight looks over an hour or more nearly all pairs go the same
 * way (Kendall's tau), and the last quarter goes on. It is the median of the slopes of all pairs (Theil and Sen), which no
 * single restart or clean-up bends. Null where nothing is sure.
 */
export function slopeOf(points: readonly Point[]): Slope | null {
  const last = points.at(-1);
  if (last === undefined) return null;
  for (const window of WINDOWS) {
    const found = slopeIn(spread(points, last[0] - window, window / SAMPLES));
    if (found !== null) return found;
  }
  return null;
}

/** The last point of each stretch. */
function spread(points: readonly Point[], from: number, apart: number): readonly Point[] {
  const found = new Map<number, Point>();
  for (const point of points) if (point[0] >= from) found.set(Math.ceil((point[0] - from) / apart), point);
  return [...found.values()];
}

function slopeIn(points: readonly Point[]): Slope | null {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length < FEWEST) return null;
  const overMs = last[0] - first[0];
  if (overMs < SHORTEST) return null;
  const slopes = points.flatMap(([at, value], i) => points.slice(i + 1).map(([t, v]) => (v - value) / (t - at)));
  const perMs = median(slopes);
  const agree = Math.abs(slopes.reduce((sum, one) => sum + Math.sign(one), 0)) / slopes.length;
  const lately = points.filter(([at]) => at >= last[0] - overMs / 4);
  const gained = (last[1] - (lately[0]?.[1] ?? last[1])) * Math.sign(perMs);
  return perMs === 0 || agree < AGREE || gained < GOES_ON * Math.abs(perMs) * overMs ? null : { perMs, overMs };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}

/** Milliseconds until it is at its limit; null where it does not move there, or that is too far off to say. */
export function limitIn({ points, limit }: Pick<Trend, 'points' | 'limit'>): number | null {
  const [slope, last] = [slopeOf(points), points.at(-1)];
  if (slope === null || last === undefined || limit === null || slope.perMs <= 0 || last[1] >= limit) return null;
  const left = (limit - last[1]) / slope.perMs;
  return left <= AHEAD * slope.overMs ? left : null;
}

/** The same of what a check has read just now, with what was read before. */
export function reachesIn(
  { trends }: Pick<MonitorState, 'trends'>,
  host: string,
  app: string,
  now: () => number,
): (reading: Reading) => number | null {
  return ({ name, value, limit }) => {
    const known = trends[keyOf(host, appOf(app, name), name)];
    return known === undefined ? null : limitIn({ limit, points: [...known.points, [now(), value]] });
  };
}
