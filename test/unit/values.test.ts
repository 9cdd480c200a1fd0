import { describe, expect, test } from 'vitest';
import { parseOutput } from '../../src/unit/settings/output.ts';
import { instanceOf, isTemplate, templateOf, unescapeName, unitName, unitOfFile } from '../../src/unit/syntax/name.ts';
import { resolveSpecifiers, SYSTEM_SPECIFIERS } from '../../src/unit/syntax/specifiers.ts';
import { splitWords } from '../../src/unit/syntax/words.ts';
import { parseDuration } from '../../src/unit/values/duration.ts';
import { exitStatus, exitStatusName } from '../../src/unit/values/exit-status.ts';
import { signalName } from '../../src/unit/values/signal.ts';

describe('time spans', () => {
  test.each([
    ['90', 90],
    ['5min 20s', 320],
    ['5min20s', 320],
    ['1h 30 min', 5400],
    ['1.5h', 5400],
    ['.5s', 0.5],
    ['100ms', 0.1],
    ['3us', 0.000003],
    ['2 days 1 week', 777_600],
    ['1M', 2_629_800],
    ['1m', 60],
    ['10 20', 30],
    ['12.34s.56', 12.9],
    ['infinity', Number.POSITIVE_INFINITY],
    ['0', 0],
    ['', null],
    ['-5', null],
    ['5 parsecs', null],
    ['5minutes later', null],
    ['12.34.56', null],
    ['s', null],
    ['10 # seconds', null],
  ])('%j is %j seconds', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
});

describe('words', () => {
  test.each([
    ['a  b\tc', ['a', 'b', 'c']],
    [`"a b" 'c d' e"f g"h`, ['a b', 'c d', 'ef gh']],
    [`"" ''`, ['', '']],
    ['a\\tb "\\x41\\102\\u00e9\\U0001F600" \\s', ['a\tb', 'ABé😀', ' ']],
    ['\\xc3\\xa9', ['é']],
    [`'it\\'s' "say \\"x\\""`, ["it's", 'say "x"']],
  ])('%j', (text, expected) => {
    expect(splitWords(text, 'c')).toEqual({ words: expected, unknownEscape: false, unbalanced: false });
  });

  test('an escape that nobody knows stays and protects its character; NUL is none', () => {
    expect(splitWords('\\. \\x00 \\q\\ r \\', 'c')).toEqual({
      words: ['\\.', '\\x00', '\\q\\ r', '\\'],
      unknownEscape: true,
      unbalanced: false,
    });
  });

  test('a quote that is never closed ends the reading', () => {
    expect(splitWords('a "b c', 'c')).toEqual({ words: ['a'], unknownEscape: false, unbalanced: true });
  });

  test('backslashes of unit names are kept', () => {
    expect(splitWords('a\\x2db.service', 'keep').words).toEqual(['a\\x2db.service']);
  });
});

describe('specifiers', () => {
  const resolve = (text: string, unit = 'brain-experiment@lab-1\\x2da.service') =>
    resolveSpecifiers(text, unit, SYSTEM_SPECIFIERS);

  test.each([
    ['%n', 'brain-experiment@lab-1\\x2da.service'],
    ['%N', 'brain-experiment@lab-1\\x2da'],
    ['%p %P', 'brain-experiment brain/experiment'],
    ['%i', 'lab-1\\x2da'],
    ['%I', 'lab/1-a'],
    ['%j', 'experiment'],
    ['%f', '/lab/1-a'],
    ['100%%', '100%'],
    ['%%i', '%i'],
    ['%t/%S%C%L%E', '/run//var/lib/var/cache/var/log/etc'],
    ['%u %h', 'root /root'],
    ['50%! and a last %', '50%! and a last %'],
  ])('%s', (text, expected) => {
    expect(resolve(text)).toEqual({ text: expected, unresolved: [], unknown: [] });
  });

  test('one that needs facts of the host is named and left', () => {
    expect(resolve('%H-%i %m')).toEqual({ text: '%H-lab-1\\x2da %m', unresolved: ['%H', '%m'], unknown: [] });
  });

  test('a letter that means nothing is named', () => {
    expect(resolve('date +%x')).toEqual({ text: 'date +%x', unresolved: [], unknown: ['%x'] });
  });

  test('a plain unit has an empty instance', () => {
    expect(resolve('[%i]', 'a.service').text).toBe('[]');
  });
});

describe('names', () => {
  test.each([
    ['x@.service', true, null, null],
    ['x@a-b.service', false, 'a-b', 'x@.service'],
    ['x@1.2.3.service', false, '1.2.3', 'x@.service'],
    ['x.service', false, null, null],
  ])('%s', (name, template, instance, of) => {
    expect([isTemplate(name), instanceOf(name), templateOf(name)]).toEqual([template, instance, of]);
  });

  test('a name without a type is a service', () => {
    expect(['jarvis', 'jarvis.target', 'a.b'].map(unitName)).toEqual([
      'jarvis.service',
      'jarvis.target',
      'a.b.service',
    ]);
  });

  test('a drop-in belongs to the unit of its folder', () => {
    expect(unitOfFile('a.service.d/x.conf')).toBe('a.service');
    expect(unescapeName('dev-sda\\x2d1')).toBe('dev/sda-1');
  });
});

test('exit statuses and signals are read by name and by number', () => {
  expect(['75', 'TEMPFAIL', 'EXEC', '256', 'x'].map(exitStatus)).toEqual([75, 75, 203, null, null]);
  expect([200, 217, 223, 234, 244].map(exitStatusName)).toEqual(['CHDIR', 'USER', null, null, 'BPF']);
  expect(['SIGTERM', 'HUP', '9', 'SIGNOPE', '0'].map(signalName)).toEqual(['TERM', 'HUP', 'KILL', null, null]);
});

test('outputs are read with their way of opening', () => {
  expect(parseOutput('append:/var/log/a b.log')).toEqual({ to: 'file', path: '/var/log/a b.log', open: 'append' });
  expect(parseOutput('journal')).toEqual({ to: 'journal' });
  expect(parseOutput('fd:x')).toEqual({ to: 'other', value: 'fd:x' });
  expect(['append:relative', 'nonsense'].map(parseOutput)).toEqual([null, null]);
});
