import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type Meeting, meetings } from '../../src/engine/fleet/same-machine.ts';
import type { HostFacts } from '../../src/model/facts.ts';
import type { HostTarget } from '../../src/model/target.ts';
import { factsWith } from '../facts.ts';

// Nobody looks at a clock in here but for the wait for a host that does not answer.
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const named = (host: string, app = 'shop', root = '/opt/shop') =>
  ({ host, app, layout: { root, app, current: `${root}/current`, user: null, data: [] } }) as unknown as HostTarget;
const on = (machine: string | null, facts: Partial<HostFacts> = {}) => factsWith({ machine, ...facts });
const both = (names: readonly string[]) => ({ kind: 'same-machine', names });

/** What two targets that are begun together are told. */
async function together(a: [HostTarget, HostFacts], b: [HostTarget, HostFacts]) {
  const wave = meetings()(2);
  const [first, second] = [wave(a[0]), wave(b[0])];
  return Promise.all([first.alone(a[1]), second.alone(b[1])]);
}

it('names that lead to one machine are all left alone, and named', async () => {
  const told = both(['a', 'b']);
  expect(await together([named('a'), on('m')], [named('b'), on('m')])).toEqual([told, told]);
  // One of them has no root there, and so a state of its own below the same root.
  expect(await together([named('a'), on('m')], [named('b'), on('m', { uid: 1000 })])).toEqual([told, told]);
  // With root there is one state of an app, wherever its root is.
  expect(await together([named('a'), on('m')], [named('b', 'shop', '/srv/shop'), on('m')])).toEqual([told, told]);
});

it.each<[string, [HostTarget, HostFacts], [HostTarget, HostFacts]]>([
  ['two machines', [named('a'), on('m')], [named('b'), on('n')]],
  ['machines that could not be told', [named('a'), on(null)], [named('b'), on(null)]],
  ['two apps of one machine', [named('a'), on('m')], [named('b', 'mail', '/opt/mail'), on('m')]],
  [
    'two logins without root, each with a root of its own',
    [named('a', 'shop', '/home/ann/shop'), on('m', { uid: 1000 })],
    [named('b', 'shop', '/home/bob/shop'), on('m', { uid: 1001 })],
  ],
])('%s are left to their work', async (_what, a, b) => {
  expect(await together(a, b)).toEqual([null, null]);
});

it('who comes in a later wave is left alone by itself', async () => {
  const run = meetings();
  expect(await run(1)(named('a')).alone(on('m'))).toBeNull();
  expect(await run(1)(named('b')).alone(on('m'))).toEqual(both(['a', 'b']));
});

it('nobody waits for a host that has ended, nor for long for one that does not answer', async () => {
  const wave = meetings()(3);
  const [a, b, silent] = ['a', 'b', 'silent'].map((host) => wave(named(host))) as [Meeting, Meeting, Meeting];
  let told: unknown = 'waiting';
  void a.alone(on('m')).then((failure) => {
    told = failure;
  });
  b.leave();
  await vi.advanceTimersByTimeAsync(4_000);
  expect(told).toBe('waiting');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told).toBeNull();
  expect(await silent.alone(on('m'))).toEqual(both(['a', 'silent']));
});
