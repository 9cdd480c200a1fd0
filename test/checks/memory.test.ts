import { describe, expect, it } from 'vitest';
import { memory, readMemory } from '../../src/checks/memory.ts';
import { fail, ok } from '../../src/model/outcome.ts';
import { readable } from '../tasks/rig.ts';
import { checkHere, hostHere } from './rig.ts';

const GIB = 1024 ** 3;

/** What systemd 252 prints for a service, in its order. */
const block = (id: string, current: number | string, max: number | string = 'infinity', high: number | string = max) =>
  `MemoryCurrent=${current}\nMemoryHigh=${high}\nMemoryMax=${max}\nId=${id}\n`;

const hostSaying = (stdout: string, code = 0, stderr = '') => ({
  ...hostHere(),
  run: async () => ok({ code, stdout, stderr }),
});

const check = (entry: unknown, ...blocks: string[]) => checkHere(memory, entry, hostSaying(blocks.join('\n')));

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
    ['no memory at all, as a target', 'Id=xswarm-voice.service\n', 'xswarm-voice.service: its memory is unknown'],
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

  it('passes without systemd, where nothing has a limit', async () =>
    expect(await checkHere(memory, VOICE, hostSaying(''))).toEqual({ ok: true, detail: 'no limit without systemd' }));

  it('warns when systemd gives no answer, or one about other units', async () => {
    expect(await checkHere(memory, VOICE, hostSaying('', 1, 'Failed to connect to bus\n'))).toEqual({
      ok: true,
      warning: true,
      detail: 'memory cannot be read: exit 1: Failed to connect to bus',
    });
    expect(await check(VOICE, voice(1, 2), voice(1, 2))).toMatchObject({ ok: true, warning: true });
  });

  it('fails when the host cannot be asked', async () => {
    const gone = { ...hostHere(), run: async () => fail({ kind: 'connection-lost', detail: 'gone' } as const) };
    expect(await checkHere(memory, VOICE, gone)).toEqual({ ok: false, detail: 'connection-lost: gone' });
  });

  it('asks in words that every shell reads', () => readable(readMemory(['a.service', 'b@1.service'])));
});
