import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutTo, displayWidth, pad, wrap } from '../../src/output/text/width.ts';

const text = fc.string({
  unit: fc.constantFrom('a', 'b', ' ', 'é', '日', '🚀', 'e\u0301', '-', '👩‍👩‍👧', '👍🏽', '⚠️', '🇩🇪'),
});

test('wide characters take two columns, marks none', () => {
  expect(['abc', '日本', '🚀', 'e\u0301', ''].map(displayWidth)).toEqual([3, 4, 2, 1, 0]);
});

test('an emoji that is made of several is one, whatever it is made of', () => {
  expect(['👩‍👩‍👧', '👍🏽', '⚠️', '🇩🇪'].map(displayWidth)).toEqual([2, 2, 2, 2]);
  expect([cutTo('👩‍👩‍👧👩‍👩‍👧', 3), cutTo('👍🏽👍🏽', 3), cutTo('🇩🇪🇩🇪🇩🇪', 5)]).toEqual(['👩‍👩‍👧…', '👍🏽…', '🇩🇪🇩🇪…']);
});

test('escape sequences take no column', () => {
  expect(displayWidth('\x1b[1m日本\x1b[22m')).toBe(4);
});

test('a text that is cut takes no more columns than it may, and one that fits is left alone', () => {
  expect([cutTo('abcdef', 4), cutTo('abcd', 4), cutTo('日本語', 4), cutTo('x', 0)]).toEqual([
    'abc…',
    'abcd',
    '日…',
    '',
  ]);
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (line, width) => {
      expect(displayWidth(cutTo(line, width))).toBeLessThanOrEqual(width);
      if (displayWidth(line) <= width) expect(cutTo(line, width)).toBe(line);
    }),
  );
});

test('padding fills up to the column and never cuts', () => {
  expect([pad('日', 4), pad('long', 2)]).toEqual(['日  ', 'long']);
});

test('lines are broken between words, keep their indentation and lose no word', () => {
  expect(wrap('  one two three', 9)).toEqual(['  one two', '  three']);
  expect(wrap('a-very-long-word b', 5)).toEqual(['a-very-long-word', 'b']);
  fc.assert(
    fc.property(text, fc.integer({ min: 1, max: 20 }), (line, width) => {
      const words = (all: string) => all.split(' ').filter((word) => word !== '');
      expect(words(wrap(line, width).join(' '))).toEqual(words(line));
    }),
  );
});
