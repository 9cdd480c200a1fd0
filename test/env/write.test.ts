import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv as parseNodeEnv } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseEnv } from '../../src/env/parse.ts';
import { dotenvDiffers, systemdNeeded, writeEnv } from '../../src/env/write.ts';

const SHELLS: readonly (readonly [string, ...string[]])[] = [
  ['dash'],
  ['bash'],
  ['bash', '--posix'],
  ['busybox', 'sh'],
];

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fleet-env-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What a program gets that a shell starts with the variables of an env file, in the file's order. */
function sourced([shell, ...options]: readonly [string, ...string[]], text: string): Map<string, string> {
  const file = join(folder, 'env');
  writeFileSync(file, text);
  const args = [...options, '-c', 'set -a; . "$0"; exec env -0', file];
  const out = execFileSync(shell, args, {
    env: { PATH: process.env.PATH },
    // Node's pipes are sockets, and a bash whose input is a socket reads ~/.bashrc.
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  return new Map(out.split('\0').map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

const keyed = (values: readonly string[]) => values.map((value, i) => ({ key: `K${i}`, value }));

// What has a meaning to some reader comes up often, alone and side by side.
const spicy = fc.constantFrom(...`'"\\$\`#;&|<>()[]{}~*?!=:%@^ \t\n\r\u0001\u001b\u007f\u0085\u00a0\ufeffé日🚀-+aA0n`);
const value = fc.oneof(
  fc.string({ unit: spicy, maxLength: 12 }),
  fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !/[\0\p{Surrogate}]/u.test(text)),
);

describe('the writer', () => {
  it.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))(
    'is read back identically by %s',
    (_name, shell) => {
      fc.assert(
        fc.property(fc.array(value, { minLength: 500, maxLength: 1000 }), (values) => {
          const read = sourced(shell, writeEnv(keyed(values)));
          expect(keyed(values).filter(({ key, value }) => read.get(key) !== value)).toEqual([]);
        }),
        { numRuns: 4, endOnFailure: true },
      );
    },
  );

  it('would be caught by that comparison if it passed values through', () => {
    const naive = keyed(['a b', "it's", '$HOME', 'a # b'])
      .map(({ key, value }) => `${key}="${value}"\n`)
      .join('');
    expect(sourced(['dash'], naive).get('K2')).not.toBe('$HOME');
  });

  it.each([
    ['', 'K='],
    ['a/b:c@d%e+f,g=h-i_j.k', 'K=a/b:c@d%e+f,g=h-i_j.k'],
    ['a b $x "y" \\', `K='a b $x "y" \\'`],
    ["it's", `K="it's"`],
    [`it's $5`, `K='it'"'"'s $5'`],
  ])('writes %j in the plainest form that all read alike', (value, line) =>
    expect(writeEnv([{ key: 'K', value }])).toBe(`${line}\n`),
  );

  it('is read back by the parser wherever the grammar has a form for it', () => {
    fc.assert(
      fc.property(fc.array(value, { maxLength: 200 }), (values) => {
        const entries = keyed(values).filter(
          ({ value }) => !(value.includes("'") && /["\\$`]/.test(value)) && !value.includes('\r'),
        );
        // What a failed decoding leaves, and what Unicode says is no character, are refused on purpose.
        const readable = entries.filter(({ value }) => !/\ufffd|\p{Noncharacter_Code_Point}/u.test(value));
        expect(parseEnv(writeEnv(readable))).toEqual({ ok: true, value: readable });
      }),
    );
  });

  it('refuses what no environment can carry', () => {
    expect(() => writeEnv([{ key: 'K', value: 'a\0b' }])).toThrow('not text');
    expect(() => writeEnv([{ key: 'MY-KEY', value: '' }])).toThrow('not a key');
  });
});

describe("node's own reader of env files", () => {
  const asNode = (text: string) => (parseNodeEnv as (text: string) => Record<string, string>)(text);
  it('reads what is written as it is meant, but for values that are told of', () => {
    fc.assert(
      fc.property(value, (value) => {
        fc.pre(!dotenvDiffers(value));
        const entries = [...keyed([value]), { key: 'AFTER', value: 'end' }];
        expect(asNode(writeEnv(entries))).toEqual({ K0: value, AFTER: 'end' });
      }),
      { numRuns: 3000 },
    );
  });

  it.each([
    ['both kinds of quotes: it\'s "fine"', true],
    ["it's $5", true],
    ['a\\\\b', true],
    ['ends in \\', true],
    ['\x24{NAME}', true],
    ["it's fine", false],
    ['a "b" $c \\d', false],
    ['two\nlines', false],
  ])('%j is told of: %s', (value, told) => {
    expect(dotenvDiffers(value)).toBe(told);
  });

  it('(would read the first of them otherwise)', () => {
    expect(asNode(writeEnv([{ key: 'K', value: `it's "fine"` }])).K).not.toBe(`it's "fine"`);
  });
});

it('knows which values older versions of systemd change', () => {
  expect(['plain text', 'a\tb', 'a\nb', 'a\\b', 'a\u001bb', 'a\rb'].map(systemdNeeded)).toEqual([
    0, 0, 245, 245, 249, 249,
  ]);
});
