import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clock } from '../../src/checks/machine/clock.ts';
import { load } from '../../src/checks/machine/load.ts';
import { memory } from '../../src/checks/machine/memory.ts';
import { disk, inodes } from '../../src/checks/machine/space.ts';
import { swap } from '../../src/checks/machine/swap.ts';
import type { Verdict } from '../../src/model/check.ts';
import { checkHere, checkOf, words } from './rig.ts';

const ok = (detail: string): Verdict => ({ ok: true, detail });
const warns = (detail: string): Verdict => ({ ok: true, warning: true, detail });
const fails = (detail: string): Verdict => ({ ok: false, detail });

/** As `df` prints it, with its columns. */
const df = (used: number, free: number, at = '/', size = used + free) =>
  `space /dev/sda1 ${size} ${used} ${free} ${Math.round((100 * used) / (used + free))}% ${at}\n`;
const FULL = '; warns from 85 %, critical is 95 %';

describe('a disk check', () => {
  it.each<[string, unknown, string, Verdict]>([
    ['has room', '/', df(84_990_000, 15_010_000), ok('/ 84 % in use, 14.3 GiB free')],
    ['is filling up', '/', df(85, 15), warns(`/ 85 % in use, 15 KiB free${FULL}`)],
    ['is full', '/', df(950, 50), fails(`/ 95 % in use, 50 KiB free${FULL}`)],
    ['has what root keeps for itself', '/', df(90, 10, '/', 1000), warns(`/ 90 % in use, 10 KiB free${FULL}`)],
    [
      'has limits of its own',
      { path: '/', warn: 10, critical: 20 },
      df(1, 9),
      warns('/ 10 % in use, 9 KiB free; warns from 10 %, critical is 20 %'),
    ],
    ['is named twice', ['/a', '/b'], df(1, 1, '/x y') + df(1, 1, '/x y'), ok('/x y 50 % in use, 1 KiB free')],
    ['is not there', ['/a', '/b'], `absent\n${df(1, 1, '/b')}`, fails('/a is not there')],
    ['cannot be looked at', '/a', 'hidden\n', warns('/a cannot be looked at by this login')],
    ['has no size', '/proc', 'space proc 0 0 0 - /proc\n', warns('/proc: df tells nothing of it')],
    ['tells nothing', '/', '', warns('/: df tells nothing of it')],
    ['tells nonsense', '/', 'space \u001b[2J 1e9 -5 % x\n', warns('/: df tells nothing of it')],
    ['tells a hostile name', '/', df(99, 1, '/\u001b[2J'), fails(`/\\x1b[2J 99 % in use, 1 KiB free${FULL}`)],
  ])('of one that %s', async (_what, entry, printed, verdict) =>
    expect(words(await checkOf(disk, entry, printed))).toEqual(verdict),
  );

  it('reads a share with its limits', async () =>
    expect((await checkOf(disk, '/', df(50, 50))).readings).toEqual([
      { name: 'disk /', value: 0.5, unit: 'ratio', warn: 0.85, critical: 0.95, limit: 1 },
    ]));

  it('of inodes counts files, and is well where there is no such limit', async () => {
    expect(words(await checkOf(inodes, '/', df(96, 4)))).toEqual(fails(`/ 96 % in use, 4 free${FULL}`));
    expect(words(await checkOf(inodes, '/', 'space /dev/vda 0 0 0 - /\n'))).toEqual(ok('/ has no limit'));
  });

  it('asks this machine, where the root is not there yet', async () => {
    expect((await checkHere(disk, { path: ['/', '/opt/jarvis'], warn: 99.8, critical: 99.9 })).readings).toHaveLength(
      1,
    );
    expect(await checkHere(disk, '/no/such')).toEqual(fails('/no/such is not there'));
    expect((await checkHere(inodes, { path: '/', warn: 99.8, critical: 99.9 })).ok).toBe(true);
  });
});

const meminfo = (total: number, available: number, swapTotal = 0, swapFree = 0) =>
  `MemTotal ${total}\nMemFree 1\nMemAvailable ${available}\nSwapTotal ${swapTotal}\nSwapFree ${swapFree}\n`;

describe('a check of the memory of the host', () => {
  it.each<[string, unknown, string, Verdict]>([
    ['is free', 'host', meminfo(1000, 600), ok('400 KiB of 1000 KiB in use (40 %)')],
    ['is nearly gone', 'host', meminfo(1000, 100), warns('900 KiB of 1000 KiB in use (90 %); warns from 90 %')],
    [
      'is gone',
      { unit: 'host', critical: 97 },
      meminfo(1000, 30),
      fails('970 KiB of 1000 KiB in use (97 %); warns from 90 %, critical is 97 %'),
    ],
    [
      'is told by an old kernel',
      'host',
      'MemTotal 1000\nMemFree 100\nBuffers 200\nCached 300\n',
      ok('400 KiB of 1000 KiB in use (40 %)'),
    ],
    ['is not told', 'host', '', ok('the host does not tell its memory')],
  ])('that %s', async (_what, entry, printed, verdict) =>
    expect(words(await checkOf(memory, entry, printed))).toEqual(verdict),
  );

  it('asks this machine', async () => expect((await checkHere(memory, 'host')).detail).toMatch(/in use \(\d+ %\)/));
});

describe('a check of swap', () => {
  it.each<[string, string, Verdict]>([
    ['there is none', meminfo(1, 1), ok('no swap')],
    ['little of it is used', meminfo(1, 1, 1000, 900), ok('10 % in use')],
    ['much of it is used', meminfo(1, 1, 1000, 500), warns('50 % in use; warns from 50 %, critical is 90 %')],
    ['all of it is used', meminfo(1, 1, 1000, 0), fails('100 % in use; warns from 50 %, critical is 90 %')],
    ['it is not told', '', warns('the host does not tell its swap')],
    ['more is free than there is', meminfo(1, 1, 5, 9), warns('the host does not tell its swap')],
  ])('where %s', async (_what, printed, verdict) =>
    expect(words(await checkOf(swap, { warn: 50, critical: 90 }, printed))).toEqual(verdict),
  );
});

describe('a check of the load', () => {
  it.each<[string, object, string, Verdict]>([
    ['is low', { warn: 2 }, 'load 9.00 1.50 0.10 4\n', ok('1.5 over 5m on 4 processors')],
    [
      'is high for each processor',
      { warn: 2, critical: 4 },
      'load 0.00 8.00 0.00 4\n',
      warns('8 over 5m on 4 processors; warns from 2 for each, critical is 4 for each'),
    ],
    [
      'is too high',
      { critical: 4 },
      'load 0.00 4.00 0.00 1\n',
      fails('4 over 5m on 1 processor; critical is 4 for each'),
    ],
    [
      'is asked for over a minute',
      { warn: 2, over: '1m' },
      'load 9.00 0.00 0.00 1\n',
      warns('9 over 1m on 1 processor; warns from 2 for each'),
    ],
    ['is not told', { warn: 2 }, '', warns('the host does not tell its load')],
    ['is for no processor', { warn: 2 }, 'load 1.00 1.00 1.00 0\n', warns('the host does not tell its load')],
  ])('that %s', async (_what, entry, printed, verdict) =>
    expect(words(await checkOf(load, entry, printed))).toEqual(verdict),
  );

  it('asks this machine', async () =>
    expect((await checkHere(load, { warn: 900 })).detail).toMatch(/over 5m on \d+ proc/));
});

describe('a check of the clock', () => {
  const T = 1_800_000_000;
  const at = (told: number, from = T * 1000, to = T * 1000 + 500, more = {}) =>
    checkOf(clock, {}, `clock ${told} 5000\n`, { from, to, ...more });

  it.each<[string, number, Verdict]>([
    ['is right', T, ok('as this machine has it')],
    ['is a little ahead', T + 9, ok('8 s ahead of this machine')],
    ['is ahead', T + 12, warns('11 s ahead of this machine; warns from 10s, critical is 5m')],
    ['is behind', T - 11, warns('10 s behind this machine; warns from 10s, critical is 5m')],
    ['is far ahead', T + 301, fails('5 min ahead of this machine; warns from 10s, critical is 5m')],
    ['is years behind', 0, fails('20833 days behind this machine; warns from 10s, critical is 5m')],
  ])('that %s', async (_what, told, verdict) => expect(words(await at(told))).toEqual(verdict));

  it('is not blamed for an answer that took long, unless the host says where the time went', async () => {
    expect((await at(T + 60, T * 1000, (T + 60) * 1000)).warning).toBeUndefined();
    // It told its time 59 of the 60 seconds before all was answered.
    expect(await at(T + 60, T * 1000, (T + 60) * 1000, { up: 5000 + 5900 })).toMatchObject(
      warns(expect.stringMatching(/^59 s ahead/)),
    );
  });

  it('never accuses a clock that is right, however long the way', () =>
    fc.assert(
      fc.asyncProperty(fc.nat(100_000), fc.nat(100_000), async (there, back) => {
        const told = Math.floor((T * 1000 + there) / 1000);
        const verdict = await at(told, T * 1000, T * 1000 + there + back, { up: 5000 + Math.floor(back / 10) });
        return verdict.readings?.[0]?.value === 0 || (verdict.readings?.[0]?.value ?? 9) < 1;
      }),
    ));

  it('that is not told is a warning; this machine has its own', async () => {
    expect(await checkOf(clock, {}, 'clock \u001b[2J\n')).toEqual(warns('the host does not tell its time'));
    expect(words(await checkHere(clock, {}))).toEqual(ok('as this machine has it'));
  });
});

describe('whatever a host prints', () => {
  const entries = [
    [disk, ['/', '/srv']],
    [inodes, '/'],
    [memory, 'host'],
    [memory, 'a.service'],
    [swap, { warn: 5 }],
    [load, { warn: 5 }],
    [clock, {}],
  ] as const;
  const line = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(...'space absent clock 5 load 1.0 use a.service MemoryCurrent= MemTotal 9'.split(' ')),
  );

  it('a check ends with a verdict on one harmless line', () =>
    fc.assert(
      fc.asyncProperty(fc.array(line), async (lines) => {
        for (const [kind, entry] of entries) {
          const { detail } = await checkOf(kind as never, entry, lines.join(' '));
          expect(detail).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
          expect(detail.length).toBeLessThan(3000);
        }
      }),
      { numRuns: 60 },
    ));

  it('is cut where it is huge', async () => {
    const huge = `${'x'.repeat(80)}\n`.repeat(20_000);
    expect(words(await checkOf(swap, { warn: 5 }, `${meminfo(1, 1, 9, 9)}${huge}`))).toEqual(ok('0 % in use'));
    expect((await checkOf(swap, { warn: 5 }, `${huge}${meminfo(1, 1, 9, 9)}`)).detail).toContain('does not tell');
  });
});
