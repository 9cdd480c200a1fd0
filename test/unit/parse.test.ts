import { describe, expect, test } from 'vitest';
import { parseUnit } from '../../src/unit/syntax/parse.ts';
import { file } from './sample.ts';

const values = (text: string) => parseUnit(file('a.service', text)).assignments.map(({ key, value }) => [key, value]);
const problems = (text: string) => parseUnit(file('a.service', text)).problems;

describe('reading a unit file', () => {
  test('an assignment carries its section and the line on which it begins', () => {
    const { assignments } = parseUnit(
      file('a.service', '\n[Unit]\n\nAfter = b.service \\\n  c.service\nBefore=d.service\n'),
    );
    expect(assignments).toEqual([
      { file: 'a.service', line: 4, section: 'Unit', key: 'After', value: 'b.service    c.service' },
      { file: 'a.service', line: 6, section: 'Unit', key: 'Before', value: 'd.service' },
    ]);
  });

  test.each([
    [
      'a comment inside a continuation is skipped',
      'ExecStart=/a \\\n# no\n; nor this\n  b',
      [['ExecStart', '/a    b']],
    ],
    ['a comment that ends in a backslash swallows nothing', '# note \\\nUser=a', [['User', 'a']]],
    [
      'an even number of backslashes ends no line',
      'ExecStart=/a b\\\\\nUser=a',
      [
        ['ExecStart', '/a b\\\\'],
        ['User', 'a'],
      ],
    ],
    [
      'an empty line ends a continuation',
      'ExecStart=/a \\\n\nUser=a',
      [
        ['ExecStart', '/a'],
        ['User', 'a'],
      ],
    ],
    ['a file that ends in a continuation keeps it', 'ExecStart=/a \\', [['ExecStart', '/a']]],
    ['a comment after a value is part of the value', 'Nice=5 # low', [['Nice', '5 # low']]],
    ['the value may hold "="', 'Environment=A=b=c', [['Environment', 'A=b=c']]],
    [
      'CRLF ends a line like LF',
      'User=a\r\nGroup=b\r\n',
      [
        ['User', 'a'],
        ['Group', 'b'],
      ],
    ],
    [
      'a key may come several times, and be empty',
      'Environment=A=1\nEnvironment=\nEnvironment=B=2',
      [
        ['Environment', 'A=1'],
        ['Environment', ''],
        ['Environment', 'B=2'],
      ],
    ],
  ])('%s', (_, text, expected) => {
    expect(values(`[Service]\n${text}`)).toEqual(expected);
  });

  test('a byte order mark is skipped', () => {
    expect(values('\uFEFF[Service]\nUser=a')).toEqual([['User', 'a']]);
  });

  test.each([
    ['User=a', 1, 'an assignment before the first section', 'ignored'],
    ['[Service]\nUser', 2, 'a line without "=": User', 'ignored'],
    ['[Service]\n=x', 2, 'no key before "="', 'ignored'],
    ['[Sevice]\nUser=a', 1, 'unknown section [Sevice]', 'ignored'],
    ['[Timer]\nUser=a', 1, 'unknown section [Timer]', 'ignored'],
    ['[Service\nUser=a', 1, 'the section header [Service does not end in "]"', 'refused'],
  ])('%j is named with its line', (text, line, message, effect) => {
    expect(problems(text)).toEqual([{ file: 'a.service', line, message, effect }]);
    expect(values(text)).toEqual([]);
  });

  test('a section for others is no problem, and neither is a unit without any', () => {
    expect(problems('[X-Fleet]\nA=b\n[Unit]\nDescription=x\n[Service]\n[Install]\n')).toEqual([]);
  });
});
