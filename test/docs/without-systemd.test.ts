import { expect, it } from 'vitest';
import { directive } from '../../src/unit/directives/directives.ts';
import { PAGES } from './pages.ts';

const page = PAGES.find(({ path }) => path === 'docs/guides/without-systemd.md')?.text ?? '';

/** Directives that a text names in backticks, and whether fleet's supervisor honours each. */
const named = (text: string) =>
  [...text.matchAll(/`(\w+)`/g)].flatMap(([, name = '']) => {
    const known = ['Service', 'Unit', 'Install'].flatMap((section) => directive(section, name) ?? []);
    return known.length === 0 ? [] : [{ name, honoured: known.some(({ nohup }) => nohup === true) }];
  });

it('the page tells of each directive what the table of directives has', () => {
  const honoured = named(
    page
      .split('\n')
      .filter((line) => line.startsWith('|'))
      .join('\n'),
  );
  const lost = named(/^Not honoured,.*?\n\n/ms.exec(page)?.[0].split('\nRefused')[0] ?? '');
  expect([honoured.length > 25, lost.length > 3]).toEqual([true, true]);
  expect(honoured.filter((one) => !one.honoured)).toEqual([]);
  expect(lost.filter((one) => one.honoured)).toEqual([]);
});
