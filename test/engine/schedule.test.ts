import { describe, expect, it } from 'vitest';
import { barrier } from '../../src/engine/barrier.ts';
import { inWaves, waves } from '../../src/engine/schedule.ts';

describe('waves of hosts', () => {
  it.each([
    [{ batch: 2, canary: 0 }, 10, [['a', 'b'], ['c', 'd'], ['e']]],
    [{ batch: 2, canary: 1 }, 10, [['a'], ['b', 'c'], ['d', 'e']]],
    [
      { batch: 10, canary: 2 },
      3,
      [
        ['a', 'b'],
        ['c', 'd', 'e'],
      ],
    ],
    [{ batch: 10, canary: 9 }, 10, [['a', 'b', 'c', 'd'], ['e']]],
    [{ batch: 1, canary: 0 }, 10, [['a'], ['b'], ['c'], ['d'], ['e']]],
  ])('of %j with %i at a time are %j', (policy, parallel, expected) => {
    expect(waves(['a', 'b', 'c', 'd', 'e'], policy, parallel)).toEqual(expected);
  });

  it('let a canary that is the only host go as a batch', () => {
    expect(waves(['a'], { batch: 1, canary: 1 }, 1)).toEqual([['a']]);
  });

  it('never run more at a time than they may, and skip the rest once they must stop', async () => {
    let now = 0;
    let most = 0;
    const done: string[] = [];
    const skipped: string[] = [];
    await inWaves(
      [['a', 'b', 'c', 'd'], ['e']],
      2,
      () => (done.includes('c') ? 'c failed' : null),
      async (item) => {
        now += 1;
        most = Math.max(most, now);
        await new Promise((resolve) => setTimeout(resolve, 1));
        now -= 1;
        done.push(item);
      },
      (item, why) => skipped.push(`${item}: ${why}`),
    );
    expect(most).toBe(2);
    expect(skipped.at(-1)).toBe('e: c failed');
    expect([...done, ...skipped.map((text) => text[0])].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('the barrier of confirm: together', () => {
  it('lets all pass when all have come', async () => {
    const join = barrier(3);
    const [a, b, c] = [join(), join(), join()];
    const first = a.arrive();
    c.leave(true);
    expect(await Promise.race([first, Promise.resolve('waits')])).toBe('waits');
    expect(await Promise.all([first, b.arrive()])).toEqual([true, true]);
  });

  it('lets none pass when one fails, neither before nor after it', async () => {
    const join = barrier(3);
    const [a, b, c] = [join(), join(), join()];
    const first = a.arrive();
    b.leave(false);
    expect(await first).toBe(false);
    expect(await c.arrive()).toBe(false);
  });

  it('does not hear a host that has already passed', async () => {
    const join = barrier(2);
    const [a, b] = [join(), join()];
    const both = Promise.all([a.arrive(), b.arrive()]);
    expect(await both).toEqual([true, true]);
    a.leave(false);
  });
});
