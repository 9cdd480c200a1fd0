import { expect, it } from 'vitest';
import type { AppLook } from '../../src/model/look.ts';
import { lastOf, remembered } from '../../src/monitor/readings.ts';
import { decode, EMPTY, encode, type MonitorState } from '../../src/monitor/state.ts';
import { step } from '../../src/monitor/step.ts';
import { looksOfReadings } from './looks.ts';
import { HOUR, NOON } from './simulate.ts';

const SHOP = [{ host: 'web1', app: 'shop' }];
const look = (readings: Record<string, number>): AppLook => looksOfReadings('web1', 'shop', readings);
const after = (readings: MonitorState['readings'], ...looks: readonly AppLook[]) =>
  remembered(readings, looks, SHOP, NOON);
const last = (readings: MonitorState['readings'], name: string, app = 'shop') =>
  lastOf({ ...EMPTY, readings }, 'web1', app)(name);

it('a check gets what was read at the last look at its app, and nothing of another', () => {
  const first = after({}, look({ restarts: 2, 'log position /l': 77 }));
  const second = after(first, look({ restarts: 3 }));
  expect([last(second, 'restarts'), last(second, 'log position /l'), last(second, 'toString')]).toEqual([3, 77, null]);
  expect(last(second, 'restarts', 'blog')).toBeNull();
});

it('what was not read for a week is forgotten, and an app that is gone at once', () => {
  const first = after({}, look({ restarts: 2 }));
  const later = (hours: number) => remembered(first, [look({ other: 1 })], SHOP, NOON + hours * HOUR);
  expect([last(later(24 * 6), 'restarts'), last(later(24 * 8), 'restarts')]).toEqual([2, null]);
  expect(remembered(first, [], [], NOON)).toEqual({});
});

it('what is read while an app is switched is for nobody to go on from', () => {
  const switching = (leftMs: number, running = true): AppLook => ({
    ...(look({ restarts: 9 }) as Extract<AppLook, { seen: true }>),
    transaction: { by: 'alice', phase: 'SETTLING', running, leftMs },
  });
  const first = after({}, look({ restarts: 2 }));
  expect(last(after(first, switching(1000)), 'restarts')).toBe(2);
  expect(last(after(first, switching(-1000)), 'restarts')).toBe(9);
  expect(last(after(first, switching(1000, false)), 'restarts')).toBe(9);
});

it('no app has more than it may, however many names a host makes up', () => {
  const many = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`log lines ${i}`, i]));
  const first = after({}, look({ restarts: 2 }));
  const second = after(first, look(many));
  expect(Object.keys(Object.values(second)[0] ?? {})).toHaveLength(300);
  expect(last(second, 'log lines 999')).toBe(999);
});

it('is part of the state, which another start reads back, also one that was written without it', () => {
  const config = { known: SHOP.map((one) => ({ ...one, jumps: [] })), windows: [], channels: [], everyMs: null };
  const { state } = step(EMPTY, [look({ restarts: 2, 'disk /': 5 })], config, { at: NOON, boot: 'b', upMs: 1 });
  const back = decode(encode(state));
  expect(back).toEqual({ state });
  expect(last(state.readings, 'restarts')).toBe(2);
  expect(Object.values(state.trends)).toHaveLength(1);
  const { readings: _, trends: __, ...old } = state;
  expect(decode(encode(old as MonitorState))).toEqual({ state: { ...state, readings: {}, trends: {} } });
  // The clock was put forward by an hour: what was read goes along.
  const moved = step(state, [], config, { at: NOON + HOUR, boot: 'b', upMs: 2 }).state;
  expect(Object.values(moved.readings)[0]?.restarts).toEqual([2, NOON + HOUR - 1]);
  expect(Object.values(moved.trends)[0]?.points).toEqual([[NOON + HOUR - 1, 5]]);
});
