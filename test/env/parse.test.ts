import { describe, expect, it } from 'vitest';
import { parseEnv, readEnv } from '../../src/env/parse.ts';

const values = (text: string | Uint8Array) => {
  const read = parseEnv(text);
  if (!read.ok) throw new Error(read.failure.map((p) => `${p.line}:${p.column} ${p.message}`).join('\n'));
  return Object.fromEntries(read.value.map(({ key, value }) => [key, value]));
};

const problems = (text: string | Uint8Array) => {
  const read = parseEnv(text);
  return read.ok ? [] : read.failure;
};

describe('what an env file may hold', () => {
  it.each<[name: string, text: string, want: Record<string, string>]>([
    ['nothing', '', {}],
    ['blank lines and full-line comments', '\n  \n# note\n  # K=v $(id)\n', {}],
    [
      'bare values',
      'A=1\nB=https://x.y/z?q=1%20\nC=a@b:5,6+7\nD=é{}!*[]\n',
      { A: '1', B: 'https://x.y/z?q=1%20', C: 'a@b:5,6+7', D: 'é{}!*[]' },
    ],
    ['empty values', 'A=\nB=\'\'\nC=""\nD= \n', { A: '', B: '', C: '', D: '' }],
    ['blanks around a whole line', '  A=1 \t\n', { A: '1' }],
    ['no newline at the end', 'A=1', { A: '1' }],
    ['CRLF, also inside quotes', 'A=1\r\nB="x\r\ny"\r\n', { A: '1', B: 'x\ny' }],
    ['single quotes, literally', `A='a "b" \\n $HOME \`id\` # c'\n`, { A: 'a "b" \\n $HOME `id` # c' }],
    ['double quotes with escapes', String.raw`A="a\n\t\r\"\\\$\`z 'q' # c"`, { A: "a\n\t\r\"\\$`z 'q' # c" }],
    ['values of several lines', "A='x\n# y\n\nz=1'\nB=2\n", { A: 'x\n# y\n\nz=1', B: '2' }],
    [
      'export, blanks around = and blanks in a bare value, which mean one thing to all who read them',
      "export A=1\nB = two words\n\texport  C\t= 3 \nD ='x y'\nE = \n",
      { A: '1', B: 'two words', C: '3', D: 'x y', E: '' },
    ],
    ['a tilde where no shell expands it', 'A=a~b\n', { A: 'a~b' }],
  ])('%s', (_name, text, want) => expect(values(text)).toEqual(want));

  it('reads bytes as UTF-8', () => expect(values(new TextEncoder().encode('A=日本\n'))).toEqual({ A: '日本' }));
});

it('tells the lines that no other reader takes as they stand, and no others', () => {
  const text = "A=1\nexport B=1\nC = 1\nD=a b\nE='a b'\nF= \nG= 'x'\n\n  H=1 \nI='x\ny'\nJ =\n";
  const read = readEnv(text);
  expect(read.ok && read.value.loose).toEqual([2, 3, 4, 7, 12]);
});

describe('what an env file may not hold', () => {
  it.each<[name: string, text: string | Uint8Array, line: number, column: number, message: RegExp]>([
    ['two variables in a line', 'A=1\nexport B=canary C=canary', 2, 17, /another variable in the same line/],
    ['export without a value', 'export A', 1, 1, /not KEY=value/],
    ['a code point that is no character', 'A=1\nB="canary\ufffe"', 2, 3, /U\+FFFE/],
    ['a comment after a bare value', 'A=canary # note', 1, 10, /comment on a line of its own/],
    ['a variable in a bare value', 'A=can\x24{ARY}', 1, 6, /not filled in here, so write the value itself/],
    ['a variable in double quotes', 'A="can\x24{ARY}"', 1, 7, /not filled in here: write the value itself/],
    ['a no-break space', 'A=can\u00a0ary', 1, 6, /quote the value/],
    ['a # in a bare value', 'A=can#ary', 1, 6, /# outside quotes/],
    ['a $ in a bare value', 'A=can$ary', 1, 6, /\$ outside quotes/],
    ['a backtick in a bare value', 'A=can`ary', 1, 6, /` outside quotes/],
    ['a quote in a bare value', "A=can'ary", 1, 6, /quote inside an unquoted value/],
    ['a backslash in a bare value', 'A=can\\ary', 1, 6, /\\ outside quotes/],
    ['a ; in a bare value', 'A=can;ary', 1, 6, /; outside quotes/],
    ['an & in a bare value', 'A=can&ary', 1, 6, /& outside quotes/],
    ['a parenthesis in a bare value', 'A=can(ary)', 1, 6, /\( outside quotes/],
    ['a tilde at the start', 'A=~/canary', 1, 3, /~ outside quotes/],
    ['a tilde after a colon', 'A=can:~/ary', 1, 7, /~ outside quotes/],
    ['$ in double quotes', 'A="can$ary"', 1, 7, /expand \$ .* \\\$/],
    ['a backtick in double quotes', 'A="can`ary`"', 1, 7, /expand ` /],
    ['a backslash before anything else', 'A="can\\xary"', 1, 7, /backslash/],
    ['text after the closing quote', "A='it'canary's'", 1, 7, /after the closing quote/],
    ['a comment after the closing quote', 'A="canary" # x', 1, 12, /after the closing quote/],
    ['an open single quote', "B=1\nA='canary\nC=2", 2, 3, /single quote is never closed/],
    ['an open double quote', 'A="canary', 1, 3, /double quote is never closed/],
    ['a quote that ends in a later value', "A='canary\nB='canary'\n", 1, 3, /is a quote missing/],
    ['a key with a dash', 'MY-KEY=canary', 1, 1, /the key must be letters/],
    ['a key with a dot', 'my.key=canary', 1, 1, /the key must be letters/],
    ['a key that starts with a digit', '1K=canary', 1, 1, /the key must be letters/],
    ['a key that bash makes read-only', 'UID=canary', 1, 1, /UID is a name that shells set/],
    ['no key', '=canary', 1, 1, /the key must be letters/],
    ['no =', 'A=1\n  canary', 2, 3, /not KEY=value/],
    ['a semicolon comment', '; canary', 1, 1, /not KEY=value/],
    ['a key twice', 'A=canary\nB=1\nA=canary', 3, 1, /A is set twice, first in line 1/],
    ['a byte order mark', '\ufeffA=canary', 1, 1, /byte order mark/],
    ['NUL', 'A=1\nB=can\0ary', 2, 6, /NUL/],
    ['half a surrogate pair', 'A=can\ud800ary', 1, 6, /UTF-8/],
    ['a lone carriage return', 'A="can\rary"', 1, 7, /carriage return/],
    ['bytes that are not UTF-8', Uint8Array.from([65, 61, 0xff, 10]), 1, 3, /not valid UTF-8/],
  ])('%s', (_name, text, line, column, message) => {
    const [first] = problems(text);
    expect(first).toMatchObject({ line, column });
    expect(first?.message).toMatch(message);
  });

  it('reports every mistake of a file, each with its line', () => {
    const text = 'export A\nB="$x\ny" \nC=a#b\nC=1\nD=1\nD=2\n9=9\n';
    expect(problems(text).map(({ line }) => line)).toEqual([1, 2, 4, 5, 7, 8]);
  });

  it('never shows a value, nor what may be a piece of one', () => {
    const lines = [
      'export A=canary#',
      'A=can ary ca_nary=canary',
      'A=canary#',
      'A="canary$"',
      'A="canary\\x"',
      "A='canary'canary",
      "A='canary",
      '-----canary-----',
      'canary/canary+=',
      'canary.=',
      'A=canary`',
      'A =canary$canary',
      'A = \x24{canary}',
      'UID=canary',
      "A='canary\nB='canary'",
    ];
    for (const line of lines) {
      const found = problems(line);
      expect(found, line).not.toEqual([]);
      expect(JSON.stringify(found), line).not.toContain('canary');
    }
    // The oracle can fail: a key that is valid is named.
    expect(JSON.stringify(problems('canary=1\ncanary=2'))).toContain('canary');
  });
});

it('says of each key which lines it has', () => {
  const read = readEnv('A=1\r\n\n# of a bot\nB="x\n\ny"\nC =3\n');
  expect(read.ok && [...read.value.places]).toEqual([
    ['A', { first: 1, last: 1 }],
    ['B', { first: 4, last: 6 }],
    ['C', { first: 7, last: 7 }],
  ]);
  expect(read.ok && read.value.loose).toEqual([7]);
});
