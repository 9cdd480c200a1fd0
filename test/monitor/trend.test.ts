import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AppLook } from '../../src/model/look.ts';
import type { Point, Trend } from '../../src/monitor/state.ts';
import { limitIn, reachesIn, slopeOf, thinned, trendsAfter } from '../../src/monitor/trend.ts';
import { looksOfReadings } from './looks.ts';
import { HOUR, MINUTE, NOON } from './simulate.ts';

const DAY = 24 * HOUR;
const EVERY = 5 * MINUTE;

/** What a cron job leaves of a number that was looked at for so long, up to noon. @param value by the time that has passed */
function seenFor(long: number, value: (passed: number) => number): readonly Point[] {
  let points: readonly Point[] = [];
  for (let at = NOON - long; at <= NOON; at += EVERY)
    points = thinned([...points, [at, value(at - (NOON - long))]], at);
  return points;
}

/** The same on every run, and neither even nor in step with anything. */
const noise = (at: number) => Math.sin(at / 7.3e5) * Math.cos(at / 3.1e6);

describe('what is kept of a number', () => {
  it('is all of two hours, one each hour of two days, two each day of a month, and nothing older', () => {
    const points = seenFor(60 * DAY, (passed) => passed);
    const ages = points.map(([at]) => NOON - at);
    expect(points.length).toBeLessThan(140);
    expect(Math.max(...ages)).toBeLessThan(30 * DAY);
    expect(Math.max(...ages)).toBeGreaterThan(29 * DAY);
    expect(ages.filter((age) => age < 2 * HOUR)).toHaveLength(24);
    expect(ages.filter((age) => age >= 2 * HOUR && age < 2 * DAY).length).toBeGreaterThanOrEqual(45);
    expect(points.every(([at, value]) => value === at - (NOON - 60 * DAY))).toBe(true);
  });

  it('is the same when it is thinned once more, and never without the newest', () => {
    const times = fc.array(fc.integer({ min: 1, max: 40 * 24 * 60 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(times, (minutes) => {
        const all = [...new Set(minutes)].sort((a, b) => b - a).map((ago): Point => [NOON - ago * MINUTE, ago]);
        const once = thinned(all, NOON);
        expect(thinned(once, NOON)).toEqual(once);
        const newest = all.at(-1)?.[0] ?? 0;
        if (NOON - newest < 30 * DAY) expect(newest - (once.at(-1)?.[0] ?? 0)).toBeLessThan(12 * HOUR);
      }),
    );
  });
});

type Row = readonly [what: string, points: readonly Point[], hours: number | null];

describe('when a number is at its limit of 100', () => {
  it.each<Row>([
    ['that rises evenly', seenFor(12 * HOUR, (passed) => 40 + (passed / HOUR) * 4), 3],
    ['that rises for a month', seenFor(29 * DAY, (passed) => 50 + passed / DAY), 21 * 24],
    ['with noise on it', seenFor(12 * HOUR, (passed) => 40 + (passed / HOUR) * 4 + noise(passed)), 3],
    [
      'that was cleaned up once on its way',
      seenFor(10 * DAY, (passed) => 20 + (passed / DAY) * 7 - (passed > 4 * DAY && passed < 4.2 * DAY ? 15 : 0)),
      (10 / 7) * 24,
    ],
    [
      'of a service that was restarted three hours ago',
      seenFor(2 * DAY, (passed) => (passed < 45 * HOUR ? 80 : 20 + ((passed - 45 * HOUR) / HOUR) * 20)),
      1,
    ],
    ['that does not move', seenFor(2 * DAY, () => 97), null],
    ['that is noise', seenFor(2 * DAY, (passed) => 90 + 5 * noise(passed)), null],
    ['that falls', seenFor(2 * DAY, (passed) => 95 - passed / DAY), null],
    ['that comes and goes within the hour', seenFor(2 * DAY, (passed) => 60 + (passed % HOUR) / (2 * MINUTE)), null],
    ['that has risen, and stands', seenFor(2 * DAY, (passed) => Math.min(90, 50 + (passed / HOUR) * 2)), null],
    ['that rises too slowly to say', seenFor(12 * HOUR, (passed) => 40 + (passed / HOUR) * 0.5), null],
    ['that has been seen for half an hour', seenFor(30 * MINUTE, (passed) => 40 + (passed / MINUTE) * 1.5), null],
    ['that is at its limit', seenFor(12 * HOUR, (passed) => 90 + passed / HOUR), null],
    ['that was never seen', [], null],
  ])('one %s', (_what, points, hours) => {
    const left = limitIn({ points, limit: 100 });
    if (hours === null) expect(left).toBeNull();
    else expect(Math.abs((left ?? 0) / HOUR - hours)).toBeLessThan(hours * 0.15);
  });

  it('is not said of one without a limit, whose slope is', () => {
    const points = seenFor(12 * HOUR, (passed) => passed / HOUR);
    expect(limitIn({ points, limit: null })).toBeNull();
    expect((slopeOf(points)?.perMs ?? 0) * HOUR).toBeCloseTo(1, 1);
  });

  it('is never in the past, whatever was read', () => {
    const values = fc.array(fc.double({ min: 0, max: 120, noNaN: true }), { maxLength: 60 });
    fc.assert(
      fc.property(values, (all) => {
        const left = limitIn({ limit: 100, points: all.map((value, i): Point => [NOON + i * EVERY, value]) });
        expect(left === null || left > 0).toBe(true);
      }),
    );
  });
});

describe('trends', () => {
  const known = [
    { host: 'web1', app: 'shop' },
    { host: 'web1', app: 'blog' },
  ];
  const look = (app: string, readings: Record<string, number>): AppLook => looksOfReadings('web1', app, readings);

  it('are kept of memory and disks, those of a host once for all its apps, and of nothing else', () => {
    const looks = [
      look('shop', { 'memory shop.service': 5, 'disk /': 0.5, 'memory of the host': 9, 'load 1': 1 }),
      look('blog', { 'memory blog.service': 6, 'disk /': 0.5, 'memory of the host': 9, 'inodes /': 0.1 }),
    ];
    const trends = trendsAfter({}, looks, known, NOON);
    expect(Object.values(trends).map(({ app, name, points }) => [app, name, points])).toEqual([
      ['shop', 'memory shop.service', [[NOON, 5]]],
      [null, 'disk /', [[NOON, 0.5]]],
      [null, 'memory of the host', [[NOON, 9]]],
      ['blog', 'memory blog.service', [[NOON, 6]]],
    ]);
    expect(Object.keys(trendsAfter(trends, [], known, NOON + 29 * DAY))).toHaveLength(4);
    expect(trendsAfter(trends, [], known, NOON + 31 * DAY)).toEqual({});
    expect(trendsAfter(trends, [], [], NOON)).toEqual({});
  });

  it('answer a check with what it has read just now', () => {
    const points = seenFor(12 * HOUR, (passed) => 40 + (passed / HOUR) * 4);
    const trend: Trend = { host: 'web1', app: null, name: 'disk /', unit: 'ratio', limit: 100, points };
    const reading = { name: 'disk /', value: 90, unit: 'ratio', warn: 80, critical: 95, limit: 100 } as const;
    const trends = { 'web1\t\tdisk /': trend };
    const left = reachesIn({ trends }, 'web1', 'shop', () => NOON + HOUR)(reading) ?? 0;
    expect(left / HOUR).toBeCloseTo(2.5, 0);
    expect(reachesIn({ trends }, 'web2', 'shop', () => NOON)(reading)).toBeNull();
    expect(reachesIn({ trends }, 'web1', 'shop', () => NOON)({ ...reading, name: 'disk /var' })).toBeNull();
  });
});
