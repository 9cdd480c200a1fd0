import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/model/secret.ts';
import { CODINGS } from './codings.ts';

const clear = (value: string) => Secret.redactor([new Secret('K', value)]);

describe('the redactor', () => {
  it.each(Object.entries(CODINGS))('clears %s', (_name, code) => {
    for (const value of ['hunter2/Tr0ub4dor+&3 x', 'abcdef', 'it\'s 100 % "déjà vu"', 'k'.repeat(200)]) {
      const coded = code(value);
      expect(clear(value)(`<${coded}>`)).not.toContain(coded);
      expect(clear(value)(`<${coded}>`)).toMatch(/^<.*\[secret K\].*>$/s);
      // The control: another value's filter leaves it.
      expect(clear('something else')(`<${coded}>`)).toBe(`<${coded}>`);
    }
  });

  it('leaves no character that tells of the value, whoever the user of HTTP Basic is', () => {
    for (const user of ['a', 'an', 'ann', 'anna']) {
      const shown = clear('s3cret-value')(
        `Authorization: Basic ${Buffer.from(`${user}:s3cret-value`).toString('base64')}`,
      );
      const rest = /Basic ([A-Za-z0-9+/=]*)\[secret K\]$/.exec(shown)?.[1] ?? 'not cleared';
      // What is left is the user's name, cut before the first bits of the value.
      expect(Buffer.from(rest, 'base64').toString('latin1')).toBe(
        `${user}:`.slice(0, Math.floor((rest.length * 6) / 8)),
      );
    }
  });

  it('clears a long value that base64 breaks into lines, line by line', () => {
    const value = Array.from({ length: 120 }, (_, i) => String.fromCharCode(33 + (i % 90))).join('');
    for (const size of [76, 64]) {
      const lines =
        Buffer.from(value)
          .toString('base64')
          .match(new RegExp(`.{1,${size}}`, 'g')) ?? [];
      expect(lines.length).toBeGreaterThan(1);
      for (const line of lines) expect(clear(value)(line)).toBe('[secret K]');
    }
  });

  it('leaves values of fewer than six bytes alone, in every coding', () => {
    const text = Object.values(CODINGS)
      .map((code) => code('abcde'))
      .join(' ');
    expect(clear('abcde')(text)).toBe(text);
  });
});
