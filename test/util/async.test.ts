import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { pause, within } from '../../src/util/async.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => signal.addEventListener('abort', () => resolve(signal.reason), { once: true }));

it('a time limit comes, whatever the garbage collector has taken meanwhile', async () => {
  const taken = new WeakRef({ some: 'thing' });
  const end = aborted(within(new AbortController().signal, 300));
  for (let i = 0; i < 3; i += 1) {
    await pause(20, new AbortController().signal);
    collect();
  }
  // It has collected what nobody holds.
  expect(taken.deref()).toBeUndefined();
  expect(await end).toMatchObject({ name: 'TimeoutError' });
});

it('ends with the other one too, also with one that has ended before', async () => {
  const other = new AbortController();
  const signal = within(other.signal, 60_000);
  const end = aborted(signal);
  other.abort('enough');
  expect(await end).toBe('enough');
  expect(within(other.signal, 60_000)).toMatchObject({ aborted: true, reason: 'enough' });
});
