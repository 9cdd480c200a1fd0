import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { quote, sh } from '../../src/shell/sh.ts';

const SHELLS = [
  ['dash', ['-c']],
  ['bash', ['-c']],
  ['busybox', ['sh', '-c']],
] as const;

/** What a real shell makes of a script: the words that a program was given, separated by NUL. */
function words(shell: string, args: readonly string[], script: string): string[] {
  const { stdout, error } = spawnSync(shell, [...args, script], { encoding: 'buffer' });
  if (error) throw new Error(`${shell} is needed for this test: ${error.message}`);
  return stdout.toString('utf8').split('\0').slice(0, -1);
}

const NASTY = [
  '',
  ' ',
  "'",
  '"',
  '$HOME',
  '`id`',
  '$(id)',
  '\\',
  '\n',
  'a\nb',
  '-n',
  '--',
  '*',
  '~',
  'ü✓',
  '!x',
  '{a,b}',
  '%s',
  '#',
];
const word = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: fc.constantFrom("'", '"', '\\', '$', '`', '\n', ' ', '!', 'a') }),
);
const list = fc.array(
  word.filter((text) => !text.includes('\0')),
  { minLength: 1, maxLength: 40 },
);

describe.each(SHELLS)('in %s', (shell, args) => {
  it('every word arrives as it was written', () => {
    fc.assert(
      fc.property(list, (given) => {
        expect(words(shell, args, sh`printf '%s\0' ${given}`.text)).toEqual(given);
      }),
      { numRuns: 60 },
    );
  });

  it('a script keeps its meaning inside another', () => {
    fc.assert(
      fc.property(list, (given) => {
        const inner = sh`printf '%s\0' ${given}`;
        expect(words(shell, args, sh`( ${inner} ) && true`.text)).toEqual(given);
        expect(words(shell, args, sh`sh -c ${inner.text}`.text)).toEqual(given);
      }),
      { numRuns: 20 },
    );
  });
});

describe('the tag', () => {
  it('refuses a hole inside quotes, where its own quotes would end them', () => {
    expect(() => sh`echo "${'x'}"`).toThrow(/inside " quotes/);
    expect(() => sh`echo '${'x'}'`).toThrow(/inside ' quotes/);
    expect(() => sh`echo "a" ${'x'} 'b'`).not.toThrow();
  });

  it('refuses an open quote and NUL', () => {
    expect(() => sh`echo 'x`).toThrow(/open ' quote/);
    expect(() => sh`echo ${'a\0b'}`).toThrow(/NUL/);
  });

  it('leaves plain words plain, for readers', () => {
    expect(quote('/opt/app-1_2.3')).toBe('/opt/app-1_2.3');
    expect(quote('')).toBe("''");
  });

  it('takes numbers and lists', () => {
    expect(sh`run ${3} ${['a', 'b c', 4]}`.text).toBe("run 3 a 'b c' 4");
  });
});
