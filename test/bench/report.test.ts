import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { asMarkdown, asText, median, ratio, type Sample, tables, tripsWaited, withTables } from './report.ts';

const sample = (changes: Partial<Sample>): Sample => ({
  ...{ job: 'app', tool: 'raw', hosts: 1, rttMs: 0, scenario: 'no-op', round: 1 },
  ...{ wallMs: 500, cpuMs: 100, memoryBytes: 5e6, hostCpuMs: 200, connections: 1, bytes: 20_000, turns: 19 },
  ...changes,
});

/** So many runs of one tool, one a round. */
const runs = (walls: readonly number[], changes: Partial<Sample> = {}) =>
  walls.map((wallMs, i) => sample({ ...changes, wallMs, round: i + 1 }));

describe('statistics', () => {
  it('the median is in the middle, whatever the order', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(() => median([])).toThrow('nothing');
    fc.assert(
      fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
        const middle = median(values);
        expect(values.filter((value) => value < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((value) => value > middle).length).toBeLessThanOrEqual(values.length / 2);
      }),
    );
  });

  it('a ratio compares what was run in the same round, so that a slow round does not count', () => {
    expect(ratio(runs([100, 1000, 100]), runs([200, 2000, 200]))).toBe(0.5);
    // By the medians alone it would be 1.
    expect(ratio(runs([100, 200, 300]), runs([200, 100, 600]))).toBe(0.5);
    expect(ratio(runs([100]), [sample({ round: 2 })])).toBeNull();
  });

  it('trips that were waited for are what a delay adds', () => {
    expect(tripsWaited(runs([300, 310, 290]), runs([700, 710, 690], { rttMs: 50 }))).toBe(8);
    expect(tripsWaited(runs([300]), [])).toBeNull();
  });
});

describe('tables', () => {
  const samples = [
    ...runs([400, 500, 600]),
    ...runs([1400, 1500, 1600], { rttMs: 50 }),
    ...runs([200, 250, 300], { tool: 'fleet', turns: 8, bytes: 9_400 }),
    ...runs([600, 650, 700], { tool: 'fleet', rttMs: 50 }),
    ...runs([900], { tool: 'fleet', scenario: 'one file' }),
  ];
  const page = tables(samples).map(asText).join('\n');

  it('say the middle, the spread, and the ratio to the first tool', () => {
    expect(page).toBe(
      [
        'app, 1 host: time',
        '                   raw                 fleet',
        '  no-op, 0 ms      0.50 s (0.40–0.60)  0.25 s (0.20–0.30) 0.5x',
        '  no-op, 50 ms     1.50 s (1.40–1.60)  0.65 s (0.60–0.70) 0.4x',
        '  one file, 0 ms                       0.90 s (0.90–0.90)',
        '  one file, 50 ms',
        '',
        'app, 1 host: cost, no-op / one file',
        '                          raw         fleet',
        '  round trips waited for  20 / –      8 / –',
        '  connections             1 / –       1 / 1',
        '  turns                   19 / –      8 / 19',
        '  kB on the wire          20 / –      9 / 20',
        '  CPU of the hosts        0.20 s / –  0.20 s / 0.20 s',
        '  CPU of the controller   0.10 s / –  0.10 s / 0.10 s',
        '  peak memory, MB         5 / –       5 / 5',
        '',
      ].join('\n'),
    );
  });

  it('are one pair for each number of hosts', () => {
    const titles = tables([...samples, ...runs([1], { hosts: 20 })]).map(({ title }) => title);
    expect(titles).toEqual([
      'app, 1 host: time',
      'app, 1 host: cost, no-op / one file',
      'app, 20 hosts: time',
      'app, 20 hosts: cost',
    ]);
  });

  it('stand in a page between its marks, and nowhere else', () => {
    const before = '# Speed\n\n<!-- bench: begin -->\nold\n<!-- bench: end -->\n\nWords.\n';
    const after = withTables(before, asMarkdown({ title: 'T', head: ['', 'raw'], rows: [['no-op', '1 s']] }));
    expect(after).toBe(
      '# Speed\n\n<!-- bench: begin -->\n\n### T\n\n|  | raw |\n|---|---|\n| no-op | 1 s |\n\n<!-- bench: end -->\n\nWords.\n',
    );
    expect(withTables(after, 'x')).toBe(before.replace('old\n', '\nx\n'));
    expect(() => withTables('# Speed\n', 'x')).toThrow('lacks');
  });
});
