import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { cli, emptyProject } from '../fleet.ts';
import { weakened } from './weakened.ts';

const text = 'NOHUP_SEARCH=';

it('a build for a control is the product with that text replaced, and runs', async () => {
  const command = weakened([{ in: 'nohup.sh', text, by: 'NOHUP_SEARCH_=' }]);
  await using project = emptyProject('app', command);
  expect((await project.human('--version')).code).toBe(0);
  const part = (of: string) => readFileSync(new URL('./program/runtime/nohup.sh', `file://${of}`), 'utf8');
  expect(part(command)).toBe(part(cli).replace(text, 'NOHUP_SEARCH_='));
  expect(part(cli)).toContain(text);
});

it.each([
  ['is gone', { in: 'stage.sh', text: 'a text that nobody wrote', by: '' }, '0 times'],
  ['stands more than once', { in: 'stage.sh', text: 'die 74', by: '' }, 'times in stage.sh, not once'],
  ['is gone from the command', { in: 'dist', text: 'a text that nobody wrote', by: '' }, '0 times in dist'],
])('a text that %s is no control', (_how, replacement, why) => {
  expect(() => weakened([replacement])).toThrow(why);
});
