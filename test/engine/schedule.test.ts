import { describe, expect, it } from 'vitest';
import { barrier } from '../../src/engine/fleet/barrier.ts';
import { nextWave } from '../../src/engine/fleet/schedule.ts';
import { mapLimited } from '../../src/util/async.ts';

const HOSTS = ['a', 'b', 'c', 'd', 'e'];

describe('the next hosts to go', () => {
  it.each([
    ['batches of two', { batch: 2, canary: 0 }, 10, 0, ['a', 'b']],
    ['no more than may go at once', { batch: 10, canary: 0 }, 3, 0, ['a', 'b', 'c']],
    ['the canary alone', { batch: 2, canary: 1 }, 10, 0, ['a']],
    ['another canary when the first proved nothing', { batch: 2, canary: 2 }, 10, 1, ['a']],
    ['batches once the canaries are proven', { batch: 2, canary: 2 }, 10, 2, ['a', 'b']],
    ['all but one when there are more canaries than hosts', { batch: 9, canary: 9 }, 10, 0, ['a', 'b', 'c', 'd']],
  ])('are %s', (_name, policy, parallel, proven, expected) => {
    expect(nextWave(HOSTS, policy, parallel, proven)).toEqual(expected);
  });

  it('are the last host, whatever was proven', () => {
    expect(nextWave(['e'], { batch: 1, canary: 3 }, 1, 0)).toEqual(['e']);
  });

  it('never run more at a time than they may', async () => {
    let now = 0;
    let most = 0;
    const done: string[] = [];
    await mapLimited(HOSTS, 2, async (item) => {
      now += 1;
      most = Math.max(most, now);
      await new Promise((resolve) => setTimeout(resolve, 1));
      now -= 1;
      done.push(item);
    });
    expect({ most, done: done.sort() }).toEqual({ most: 2, done: HOSTS });
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

  it('fails for all when one cannot wait any longer, also for those who come later', async () => {
    const join = barrier(3);
    const [a, b, c] = [join(), join(), join()];
    const patient = b.arrive();
    expect(await a.arrive(20)).toBe(false);
    expect(await patient).toBe(false);
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
