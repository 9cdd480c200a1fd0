import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Edited, editEnv } from '../../src/env/edit.ts';
import { readEnv } from '../../src/env/parse.ts';
import { isValue } from '../../src/env/value.ts';
import { Secret } from '../../src/model/secret.ts';

const FILE = `# keys of the shop
A=one

export  B = 'two
lines'
# the last
C="three"  
`;

function edited(text: string, key: string, value: string | null): Edited {
  const result = editEnv(text, key, value === null ? null : new Secret(key, value));
  if (!result.ok) throw new Error(JSON.stringify(result.failure));
  return result.value;
}
const saidOf = (text: string, key: string) => {
  const read = readEnv(text);
  return read.ok ? read.value.entries.find((one) => one.key === key)?.value : read.failure;
};

describe('editing an env file', () => {
  it('changes the value and not another byte, over several lines too', () => {
    expect(edited(FILE, 'A', 'x')).toEqual({ text: FILE.replace('A=one', 'A=x'), line: 2, had: true });
    expect(edited(FILE, 'B', 'b').text).toBe(FILE.replace("'two\nlines'", 'b'));
    expect(edited(FILE, 'C', "it's").text).toBe(FILE.replace('"three"  ', `"it's"`));
    expect(edited(FILE, 'D', 'four words in one').text).toBe(`${FILE}D='four words in one'\n`);
    expect(edited(FILE, 'B', null)).toEqual({
      text: FILE.replace("export  B = 'two\nlines'\n", ''),
      line: 4,
      had: true,
    });
    expect(edited(FILE, 'D', null)).toEqual({ text: FILE, line: 0, had: false });
  });

  it('goes on as the lines of a file end, and begins a line of its own', () => {
    expect(edited('A=1\r\n# c\r\n', 'A', '2').text).toBe('A=2\r\n# c\r\n');
    expect(edited('A=1\r\n', 'B', '2').text).toBe('A=1\r\nB=2\r\n');
    expect(edited('A=1', 'B', '2').text).toBe('A=1\nB=2\n');
    expect(edited('', 'B', '').text).toBe('B=\n');
    expect(edited('A=1', 'A', null).text).toBe('');
  });

  it('changes nothing of a file with errors', () => {
    expect(editEnv('A=1\nA=2\n', 'B', new Secret('B', 'x'))).toMatchObject({ ok: false, failure: [{ line: 2 }] });
  });

  it('whatever the value, it is read as it was meant, and so is all the rest', () => {
    const value = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\uFEFF', ''));
    const odd = fc.string({
      unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', '\r', '~', '#', ' ', 'x', '=', '\t'),
    });
    fc.assert(
      fc.property(fc.oneof(value, odd).filter(isValue), fc.constantFrom('A', 'B', 'C', 'D'), (text, key) => {
        const { text: now } = edited(FILE, key, text);
        expect(saidOf(now, key)).toBe(text);
        for (const other of ['A', 'B', 'C'].filter((one) => one !== key))
          expect(saidOf(now, other)).toBe(saidOf(FILE, other));
      }),
    );
  });
});
