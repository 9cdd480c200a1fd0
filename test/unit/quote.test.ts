import fc from 'fast-check';
import { expect, it } from 'vitest';
import { effective } from '../../src/unit/settings/effective.ts';
import { readService } from '../../src/unit/settings/read-service.ts';
import { environmentWord } from '../../src/unit/syntax/words.ts';
import { parseSize, sizeText } from '../../src/unit/values/size.ts';

const readBack = (line: string) =>
  readService(effective('x@a.service', [{ path: 'x@.service', text: `[Service]\nExecStart=/bin/true\n${line}\n` }]));

it('every value of one line comes out of Environment= as it went in', () => {
  const value = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'\\"\'%i$ \t#;a={}n') }));
  fc.assert(
    fc.property(
      value.filter((text) => !/[^\P{Cc}\t]|\p{Surrogate}|\uFEFF/u.test(text)),
      (text) => {
        const { service, problems } = readBack(`Environment=${environmentWord('KEY', text)}`);
        expect(service.environment).toEqual([['KEY', text]]);
        expect(problems).toEqual([]);
      },
    ),
  );
});

it('a plain value is written plainly', () => {
  expect(environmentWord('A', '/opt/x:1,2@b')).toBe('A=/opt/x:1,2@b');
  expect(environmentWord('A', 'two words 50% "q" \\')).toBe('"A=two words 50%% \\"q\\" \\\\"');
});

it.each([
  ['512M', 512 * 1024 ** 2, '512M'],
  ['1.5G', 1.5 * 1024 ** 3, '1.5G'],
  ['48G', 48 * 1024 ** 3, '48G'],
  ['1024', 1024, '1K'],
  ['7B', 7, '7'],
  ['0', 0, '0'],
])('%s is so many bytes, and shown again', (text, bytes, shown) => {
  expect(parseSize(text)).toBe(bytes);
  expect(sizeText(bytes)).toBe(shown);
});

it.each(['infinity', '50%', '8GB', '-1', '', 'G'])('%j is no size that could be added up', (text) =>
  expect(parseSize(text)).toBeNull(),
);
