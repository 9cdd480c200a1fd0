import { describe, expect, it } from 'vitest';
import type { Window } from '../../src/model/window.ts';
import { isWithin } from '../../src/monitor/windows.ts';

const at = (text: string) => Date.parse(text);
const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));
const window = (from: string, to: string, zone: string, days: readonly number[] = []): Window => ({
  ...{ hosts: [], apps: [], days, from: minutes(from), to: minutes(to), zone },
});

/** When a window opens and closes within a span of time, to the minute. */
function edges(one: Window, from: string, to: string): readonly string[] {
  const found: string[] = [];
  let inside = isWithin(one, at(from));
  for (let t = at(from); t <= at(to); t += 60_000) {
    if (isWithin(one, t) === inside) continue;
    inside = !inside;
    found.push(`${inside ? 'from' : 'to'} ${new Date(t).toISOString().slice(5, 16)}`);
  }
  return found;
}

describe('a window of maintenance', () => {
  it.each<readonly [string, Window, string, string, readonly string[]]>([
    [
      'is by the clock of its zone',
      window('02:00', '03:00', 'Europe/Berlin'),
      '2026-01-10T00:00Z',
      '2026-01-10T23:00Z',
      ['from 01-10T01:00', 'to 01-10T02:00'],
    ],
    [
      'in summer too',
      window('02:00', '03:00', 'Europe/Berlin'),
      '2026-07-10T00:00Z',
      '2026-07-10T23:00Z',
      ['from 07-10T00:00', 'to 07-10T01:00'].slice(1),
    ],
    [
      'goes across midnight',
      window('23:30', '01:00', 'UTC'),
      '2026-01-10T12:00Z',
      '2026-01-11T12:00Z',
      ['from 01-10T23:30', 'to 01-11T01:00'],
    ],
    [
      'belongs to the day on which it begins',
      window('23:30', '01:00', 'UTC', [6]),
      '2026-01-08T12:00Z',
      '2026-01-12T12:00Z',
      ['from 01-10T23:30', 'to 01-11T01:00'],
    ],
    [
      'lasts a day where it ends as it begins',
      window('12:00', '12:00', 'UTC', [6]),
      '2026-01-09T12:00Z',
      '2026-01-12T12:00Z',
      ['from 01-10T12:00', 'to 01-11T12:00'],
    ],
    [
      'is by the days of its zone',
      window('06:00', '07:00', 'Asia/Tokyo', [1]),
      '2026-01-10T00:00Z',
      '2026-01-13T00:00Z',
      ['from 01-11T21:00', 'to 01-11T22:00'],
    ],
    [
      'in a zone that is not whole hours off',
      window('00:00', '01:00', 'Asia/Kathmandu'),
      '2026-01-10T12:00Z',
      '2026-01-10T23:59Z',
      ['from 01-10T18:15', 'to 01-10T19:15'],
    ],
    // Berlin goes from 02:00 to 03:00 on 2026-03-29, which is 01:00 UTC, and back on 2026-10-25 at the same time.
    [
      'is not lost in the hour that is left out',
      window('02:15', '02:45', 'Europe/Berlin'),
      '2026-03-29T00:00Z',
      '2026-03-29T12:00Z',
      ['from 03-29T01:15', 'to 03-29T01:45'],
    ],
    [
      'around that hour it ends by the clock',
      window('01:30', '03:30', 'Europe/Berlin'),
      '2026-03-29T00:00Z',
      '2026-03-29T12:00Z',
      ['from 03-29T00:30', 'to 03-29T01:30'],
    ],
    [
      'is in both of an hour that comes twice',
      window('02:15', '02:45', 'Europe/Berlin'),
      '2026-10-25T00:00Z',
      '2026-10-25T12:00Z',
      ['from 10-25T00:15', 'to 10-25T01:45'],
    ],
    [
      'across midnight with an hour that comes twice',
      window('23:00', '02:30', 'Europe/Berlin'),
      '2026-10-24T12:00Z',
      '2026-10-25T12:00Z',
      ['from 10-24T21:00', 'to 10-25T01:30'],
    ],
    [
      'where the clocks change at midnight',
      window('00:15', '00:45', 'America/Santiago'),
      '2026-09-05T12:00Z',
      '2026-09-06T12:00Z',
      ['from 09-06T04:15', 'to 09-06T04:45'],
    ],
  ])('%s', (_, one, from, to, want) => {
    expect(edges(one, from, to)).toEqual(want);
  });
});
