import { expect, it } from 'vitest';
import { sparkline, type TrendRow, trendTable } from '../../src/output/tables/trend.ts';

const HOUR = 3_600_000;
const rising = Array.from({ length: 9 }, (_, i) => [i * HOUR, (4 + i) * 2 ** 30] as const);
const row = (more: Partial<TrendRow>): TrendRow => ({
  ...{ host: 'jetson', app: 'jarvis', name: 'memory jarvis.service', unit: 'bytes', points: rising },
  ...{ perHour: null, limitIn: null, ...more },
});

it('what is full first stands first, with how it went and how fast', () => {
  const rows = [
    row({ host: 'vps', name: 'disk /', unit: 'ratio', points: [[0, 0.5]], perHour: -0.001 }),
    row({ perHour: 2 ** 30, limitIn: 9 * HOUR }),
  ];
  expect(
    trendTable(rows, 140)
      .split('\n')
      .map((line) => line.trim()),
  ).toEqual([
    'HOST    WHAT                   SEEN FOR                                    NOW     SLOPE        FULL IN',
    'jetson  memory jarvis.service  8h 00m    ▁▁▁▂▂▂▂▃▃▃▃▄▄▄▄▅▅▅▅▆▆▆▆▇▇▇▇█████  12 GiB  +1 GiB/hour  9h 00m',
    'vps     disk /                 0s        ▁                                 50 %    -2.4 %/day   -',
    '',
  ]);
});

it.each([
  ['nothing', [], ''],
  ['one look', [[0, 5]], '▁'],
  [
    'no change',
    [
      [0, 5],
      [10, 5],
    ],
    '▁▁▁▁',
  ],
  [
    'a rise',
    [
      [0, 0],
      [1, 1],
      [2, 2],
      [3, 3],
    ],
    '▁▃▆█',
  ],
  [
    'a gap, over which it stays at what it was',
    [
      [0, 0],
      [3, 3],
    ],
    '▁▁▁█',
  ],
  [
    'a change of a hundredth, which is none to look at',
    [
      [0, 100],
      [3, 101],
    ],
    '▁▁▁▁',
  ],
  [
    'below zero',
    [
      [0, -10],
      [3, 10],
    ],
    '▁▁▁█',
  ],
] as const)('%s as a line of bars', (_what, points, bars) => expect(sparkline(points, 4)).toBe(bars));

it('says where the numbers come from when there are none', () => {
  expect(trendTable([], 80)).toBe('nothing is remembered yet; `fleet health --cron` remembers on every run\n');
});
