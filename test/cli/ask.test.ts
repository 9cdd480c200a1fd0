import { expect, test } from 'vitest';
import { turns } from '../../src/cli/ask.ts';

function watched() {
  const seen: string[] = [];
  const turn = turns({ suspend: () => seen.push('view away'), resume: () => seen.push('view back') });
  const use = (name: string, end: () => Promise<string>) => async () => {
    seen.push(`${name} begins`);
    const answer = await end();
    seen.push(`${name} ends`);
    return answer;
  };
  return { seen, turn, use };
}

test('questions of many hosts are asked one after the other, the view away for each', async () => {
  const { seen, turn, use } = watched();
  let answerFirst = (_: string) => {};
  const first = turn(use('first', () => new Promise((resolve) => (answerFirst = resolve))));
  const second = turn(use('second', async () => 'two'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(seen).toEqual(['view away', 'first begins']);
  answerFirst('one');
  expect(await Promise.all([first, second])).toEqual(['one', 'two']);
  const whole = (name: string) => ['view away', `${name} begins`, `${name} ends`, 'view back'];
  expect(seen).toEqual([...whole('first'), ...whole('second')]);
});

test('a question that fails gives the view back and lets the next one be asked', async () => {
  const { seen, turn, use } = watched();
  const failed = turn(use('first', () => Promise.reject(new Error('no terminal'))));
  const second = turn(use('second', async () => 'two'));
  await expect(failed).rejects.toThrow('no terminal');
  expect(await second).toBe('two');
  expect(seen.filter((what) => what === 'view back')).toHaveLength(2);
});
