import { describe, expect, it } from 'vitest';
import { bindCheck } from '../../src/checks/define.ts';
import { memory } from '../../src/checks/machine/memory.ts';
import { NO_MEMORY } from '../../src/model/check.ts';
import { fail } from '../../src/model/outcome.ts';
import { checkHere, checkOf, hostHere, layout, words } from './rig.ts';

const GIB = 1024 ** 3;

/** What the host prints for a service, with systemd. */
const block = (id: string, current: number | string, max: number | string = 'infinity', high: number | string = max) =>
  `use ${id}\nMemoryCurrent=${current}\nMemoryHigh=${high}\nMemoryMax=${max}\n`;

const check = async (entry: unknown, ...blocks: string[]) => words(await checkOf(memory, entry, blocks.join('')));

const voice = (current: number | string, max?: number | string, high?: number | string) =>
  block('xswarm-voice.service', current, max, high);
const VOICE = { unit: 'xswarm-voice.service', warn: 80, critical: 95 };
const ADVICE = 'raise MemoryMax=, lower the load or run more instances';

describe('a memory check', () => {
  it.each([
    ['is below the warning', VOICE, 12.7 * GIB, { ok: true, detail: 'xswarm-voice.service 12.7 of 16 GiB (79 %)' }],
    [
      'has just reached it',
      VOICE,
      12.8 * GIB,
      {
        ok: true,
        warning: true,
        detail: `xswarm-voice.service 12.8 of 16 GiB (80 %); warns from 80 %, critical is 95 %: ${ADVICE}`,
      },
    ],
    [
      'is critical',
      VOICE,
      15.2 * GIB,
      { ok: false, detail: `xswarm-voice.service 15.2 of 16 GiB (95 %); critical is 95 %: ${ADVICE}` },
    ],
    [
      'is full, and nothing is said to be critical',
      'xswarm-voice.service',
      16 * GIB,
      { ok: true, warning: true, detail: `xswarm-voice.service 16 of 16 GiB (100 %); warns from 80 %: ${ADVICE}` },
    ],
    ['uses little', VOICE, 900 * 1024 ** 2, { ok: true, detail: 'xswarm-voice.service 900 MiB of 16 GiB (5 %)' }],
  ])('of a service that %s', async (_what, entry, used, verdict) =>
    expect(await check(entry, voice(Math.ceil(used), 16 * GIB))).toEqual(verdict),
  );

  it('tells that MemoryHigh, which slows a service down, is already exceeded', async () => {
    const entry = { unit: 'xswarm-voice.service', warn: 95 };
    expect((await check(entry, voice(15 * GIB, 16 * GIB, 14 * GIB))).detail).toBe(
      'xswarm-voice.service 15 of 16 GiB (93 %), above MemoryHigh (14 GiB)',
    );
    expect((await check(entry, voice(14 * GIB, 16 * GIB, 14 * GIB))).detail).not.toContain('MemoryHigh');
  });

  it.each([
    ['no limit', voice(3 * GIB), 'xswarm-voice.service 3 GiB, no limit'],
    ['no limit on an older systemd', voice(512, '18446744073709551615'), 'xswarm-voice.service 512 B, no limit'],
    ['nothing to tell', voice('[not set]', GIB), 'xswarm-voice.service: its memory is unknown'],
    ['an unset number to tell', voice('18446744073709551615', GIB), 'xswarm-voice.service: its memory is unknown'],
    ['no memory at all, as a target', 'use xswarm-voice.service\n', 'xswarm-voice.service: its memory is unknown'],
  ])('passes where a unit has %s', async (_what, told, detail) =>
    expect(await check({ unit: 'xswarm-voice.service', warn: 1, critical: 2 }, told)).toEqual({ ok: true, detail }),
  );

  it('of several units tells the fullest, and each that is near its limit', async () => {
    const entry = { unit: ['a.service', 'b.service', 'c.service'], critical: 90 };
    const [a, b] = [block('a.service', 0.5 * GIB, GIB), block('b.service', 3 * GIB, 4 * GIB)];
    expect(await check(entry, a, b, block('c.service', 9 * GIB))).toEqual({
      ok: true,
      detail: 'b.service 3 of 4 GiB (75 %), fullest of 3 units',
    });
    const near = await check(entry, block('a.service', 85, 100), b, block('c.service', 80, 100));
    expect(near).toMatchObject({ ok: true, warning: true });
    expect(near.detail).toMatch(/^a\.service 85 of 100 B \(85 %\); c\.service 80 of 100 B \(80 %\); warns from 80 %/);
    const over = await check(entry, block('a.service', 85, 100), b, block('c.service', 90, 100));
    expect(over).toEqual({ ok: false, detail: `c.service 90 of 100 B (90 %); critical is 90 %: ${ADVICE}` });
  });

  it('counts no files that the kernel would give up first', async () =>
    expect((await check('a.service', `${block('a.service', 900, 1000)}MemoryCached=850\n`)).detail).toBe(
      'a.service 50 of 1000 B (5 %)',
    ));

  it('counts the processes of a service where nothing else does', async () =>
    expect(
      (
        await check(
          ['a.service', 'b.service'],
          'use a.service\nSession=7\nuse b.service\npart 7 1024 3\npart 7 512 1\npart 8 9 9\n',
        )
      ).detail,
    ).toBe('a.service 1.5 MiB, no limit, fullest of 2 units'));

  it.each([
    ['nothing', ''],
    ['of another unit', block('b.service', 1, 2)],
    ['no lines of its own', 'MemoryCurrent=1\n'],
  ])('warns when the host tells %s', async (_what, told) =>
    expect(await check(VOICE, told)).toEqual({ ok: true, warning: true, detail: 'memory cannot be read' }),
  );

  it('says when the limit is reached, of what is near it and moves there', async () => {
    const of = async (percent: number, hours: number | null) => {
      const reachesIn = () => (hours === null ? null : hours * 3_600_000);
      const io = { ...hostHere({ printed: voice(Math.ceil((percent * 16 * GIB) / 100), 16 * GIB) }) };
      const bound = bindCheck(memory, memory.schema.parse(VOICE), layout);
      return (await bound.check({ ...io, memory: { ...NO_MEMORY, reachesIn } })).detail;
    };
    expect(await of(85, 9)).toMatch(/; at this slope the limit is reached in 9 h$/);
    expect(await of(85, null)).not.toContain('slope');
    expect(await of(40, 9)).not.toContain('slope');
  });

  it('fails when the host cannot be asked', async () => {
    const gone = { ...hostHere(), ask: async () => fail({ kind: 'connection-lost', detail: 'gone' } as const) };
    expect(await checkHere(memory, VOICE, gone)).toEqual({ ok: false, detail: 'connection-lost: gone' });
  });
});
