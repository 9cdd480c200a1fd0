// biome-ignore-all lint/suspicious/noTemplateCurlyInString: systemd writes its variables like this
import { describe, expect, test } from 'vitest';
import { type Command, parseCommandLine, type Word } from '../../src/unit/syntax/command-line.ts';

const parse = (text: string) => parseCommandLine(text, (word) => word.replaceAll('%%', '%'));
const text = (word: Word) =>
  word.word === 'split'
    ? { split: word.name }
    : word.parts.map((part) => (part.part === 'literal' ? part.text : { variable: part.name }));
const argv = ({ path, args }: Command) => [path, ...args.map(text)];
const argvs = (line: string) => parse(line).commands.map(argv);

describe('command lines', () => {
  test.each([
    ['/bin/a b c', [['/bin/a', ['b'], ['c']]]],
    [`/bin/a "b c" 'd e' f\\tg`, [['/bin/a', ['b c'], ['d e'], ['f\tg']]]],
    ['/bin/a 100%% $$HOME', [['/bin/a', ['100%'], ['$HOME']]]],
    [
      '/bin/a ${X} p${X}s "${X} y"',
      [['/bin/a', [{ variable: 'X' }], ['p', { variable: 'X' }, 's'], [{ variable: 'X' }, ' y']]],
    ],
    ['/bin/a $X a$X $X.y', [['/bin/a', { split: 'X' }, ['a$X'], { split: 'X.y' }]]],
    ['/bin/a ${open $', [['/bin/a', ['${open'], { split: '' }]]],
    [':/bin/a $X ${X} $$', [['/bin/a', ['$X'], ['${X}'], ['$$']]]],
    ['/bin/a ; /bin/b', [['/bin/a'], ['/bin/b']]],
    ['/bin/a \\; ";" x;y', [['/bin/a', [';'], [';'], ['x;y']]]],
    ['; /bin/a', [['/bin/a']]],
    ['python3 -m app', [['python3', ['-m'], ['app']]]],
    ['', []],
  ])('%j', (line, expected) => {
    expect(parse(line).problem).toBeNull();
    expect(argvs(line)).toEqual(expected);
  });

  test.each([
    ['-/bin/a', { ignoreFailure: true, privilege: 'unit', argv0: null }],
    ['@/bin/a name x', { ignoreFailure: false, privilege: 'unit', argv0: 'name' }],
    ['+/bin/a', { ignoreFailure: false, privilege: '+', argv0: null }],
    ['-!!/bin/a', { ignoreFailure: true, privilege: '!!', argv0: null }],
    ['@-:!/bin/a z', { ignoreFailure: true, privilege: '!', argv0: 'z' }],
  ])('the prefixes of %s are taken off', (line, expected) => {
    expect(parse(line).commands[0]).toMatchObject({ path: '/bin/a', ...expected });
  });

  test.each([
    ['/bin/a "b', 'a quote is never closed'],
    ['bin/a', 'the program bin/a is neither absolute nor a bare name'],
    ['/bin/', 'the program /bin/ is a folder'],
    ['-', 'a command without a program'],
    ['@/bin/a', 'the prefix @ without a name for the process'],
  ])('%j is a problem', (line, problem) => {
    expect(parse(line)).toMatchObject({ commands: [], problem });
  });

  test('the commands before a broken one are kept', () => {
    expect(argvs('/bin/a ; bin/b')).toEqual([['/bin/a']]);
  });
});
