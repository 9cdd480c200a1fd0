import { describe, expect, it } from 'vitest';
import { acted } from '../../src/engine/checks/acts.ts';
import type { Act, Acts } from '../../src/model/act.ts';

const MINUTE = 60_000;

const act = (minute: number, agoMs: number | null): Act => ({
  ...{ at: `2026-03-02T12:${String(minute).padStart(2, '0')}:00Z`, agoMs, units: `unit${minute}.service` },
  ...{ what: 'restarted', because: 'it hung' },
});
const acts = (done: readonly Act[], more: Partial<Acts> = {}): Acts => ({
  ...{ state: 'cool', since: '-', running: true, givenUp: [], done, ...more },
});

/** As a monitor looks: each time with what was read the time before. */
function looks(...all: readonly Acts[]) {
  let seen: number | null = null;
  return all.map((one) => {
    const [found] = acted(one, () => seen);
    seen = found?.readings?.[0]?.value ?? null;
    return { level: found?.ok === false ? 'crit' : found?.warning ? 'warn' : 'ok', ...found };
  });
}

describe('what a host has done by itself', () => {
  it('is told within the hour, to whoever has never looked', () => {
    const [one] = looks(acts([act(1, 61 * MINUTE), act(2, 59 * MINUTE)]));
    expect([one?.level, one?.detail]).toEqual(['warn', 'unit2.service restarted at 2026-03-02T12:02:00Z: it hung']);
    expect(looks(acts([act(1, 61 * MINUTE)]))[0]?.level).toBe('ok');
  });

  it('is told at the next look, however much later that is, and whether the host has come up anew', () => {
    const day = 24 * 60 * MINUTE;
    const [first, second, third, fourth] = looks(
      acts([]),
      acts([act(1, day)]),
      acts([act(1, null), act(2, null)]),
      acts([act(1, null), act(2, null)]),
    );
    expect([first?.level, second?.level, third?.level, fourth?.level]).toEqual(['ok', 'warn', 'warn', 'ok']);
    expect(third?.detail).not.toContain('unit1');
    expect(third?.detail).toContain('unit2');
  });

  it('is another event each time, also within one second', () => {
    const [one, same, two] = looks(
      acts([act(1, MINUTE)]),
      acts([act(1, 2 * MINUTE)]),
      acts([act(1, 2 * MINUTE), { ...act(1, MINUTE), units: 'other.service' }]),
    );
    expect(same?.event).toBe(one?.event);
    expect(two?.event).not.toBe(one?.event);
  });

  it('is critical where the app is stopped for heat, or a service that hangs is given up', () => {
    const [off, hangs, slow, dead] = looks(
      acts([], { state: 'off', since: 'noon' }),
      acts([], { givenUp: ['a.service'] }),
      acts([], { state: 'slow', since: 'noon' }),
      acts([], { running: false }),
    );
    expect([off, hangs, slow, dead].map((one) => [one?.level, one?.detail])).toEqual([
      ['crit', 'stopped for heat since noon'],
      ['crit', 'hangs and is not restarted any more: a.service'],
      ['warn', 'too warm since noon'],
      ['warn', 'nobody looks after heat and hung services any more'],
    ]);
  });

  it('names the last three of many', () => {
    const [one] = looks(acts([1, 2, 3, 4, 5].map((minute) => act(minute, MINUTE))));
    expect(one?.detail).toMatch(/^5 times lately; unit3\.service .*; unit4\.service .*; unit5\.service /);
  });
});
