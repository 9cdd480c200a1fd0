import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clean, cleanAll, cleanBlock, cleanJson } from '../../src/util/sanitize.ts';
import { HOSTS, Script } from '../output/events.ts';
import { onTerminal, play } from '../output/run.ts';

/** What a terminal would obey, or what would make a text read otherwise than it is. */
const OBEYED = /[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const ATTACKS = {
  'a clipboard write (OSC 52)': '\x1b]52;c;cm0gLXJmIC8=\x07',
  'a cleared screen': '\x1b[2J\x1b[H',
  'the same as a single C1 character': '\x9b2J',
  'an overwritten line': 'FAILED\rok    ',
  'a forged line': 'fine\nweb-2 | deployed: generation 9 is live',
  'a line separator': 'fine\u2028web-2 | deployed',
  'a reversed reading direction': 'user\u202etxt.exe',
  'a terminal title': '\x1b]0;root@prod\x1b\\',
  'a backspace': 'no\b\byes',
};

test.each(Object.entries(ATTACKS))('%s is written out, not obeyed', (_name, text) => {
  expect(text).toMatch(/[\n\r]|[^\x20-\x7e]/);
  expect(clean(text)).toMatch(/^[\x20-\x7e]*$/);
});

test('whatever a host says, one line stays one line without control characters', () => {
  const any = fc.string({
    unit: fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...'\x00\x07\b\t\n\r\x1b\x7f\x9b\u202e')),
  });
  fc.assert(
    fc.property(any, (text) => {
      expect(clean(text)).not.toMatch(OBEYED);
      expect(clean(text)).not.toContain('\n');
      expect(cleanBlock(text)).not.toMatch(OBEYED);
      expect(JSON.parse(cleanJson({ text })).text).toBe(text);
      expect(cleanJson({ text })).not.toMatch(OBEYED);
    }),
    { numRuns: 500 },
  );
});

test('ordinary text of any language is left as it is', () => {
  for (const text of ['plain', 'größer ≥ 5 €', '日本語のログ', 'emoji 🚀 ok', 'C:\\temp\\n'])
    expect(clean(text)).toBe(text);
});

test('what joins characters may make one emoji of several, and joins nothing else', () => {
  for (const text of ['👩\u200d👩\u200d👧', '👨🏽\u200d💻', '❤️\u200d🔥']) {
    expect(clean(text)).toBe(text);
    expect(cleanBlock(text)).toBe(text);
  }
  expect(clean('pay\u200dpal.com')).toBe('pay\\u200dpal.com');
  expect(clean('👩\u200d')).toBe('👩\\u200d');
  expect(clean('\u200d👩')).toBe('\\u200d👩');
  expect(clean('a\u200bb')).toBe('a\\u200bb');
});

test('the end of a line is no part of it, and lines of a block stay apart', () => {
  expect(clean('line\r\n')).toBe('line');
  expect(cleanBlock('a\r\nb\n')).toBe('a\nb\n');
});

test('an endless line is cut, and what is left out is counted', () => {
  expect(clean('x'.repeat(1_000_000))).toBe(`${'x'.repeat(2000)}… (998000 more characters)`);
});

test('every string of an event is cleaned, at any depth', () => {
  const dirty = {
    host: 'web\x1b',
    outcome: { end: 'reverted', list: ['a\x1bb', { detail: '\x9b' }] },
    n: 1,
    none: null,
  };
  expect(JSON.stringify(cleanAll(dirty))).not.toMatch(OBEYED);
  expect(cleanAll(dirty)).toMatchObject({ n: 1, none: null });
});

const hostile = (text: string) =>
  new Script()
    .add('web-1', { type: 'phase', phase: 'connect' })
    .add('web-1', { type: 'planned', plan: planOf(text) })
    .add('web-1', { type: 'note', text })
    .add('web-1', { type: 'kept', units: [text] })
    .add('web-1', { type: 'away', unit: text, ms: 1 })
    .add('web-1', { type: 'step', id: text, title: text, state: 'started' })
    .add('web-1', { type: 'output', id: text, stream: 'stdout', line: text })
    .add('web-1', { type: 'check', result: { check: text, ok: false, detail: text, ms: 1 } })
    .end('web-1', { end: 'untouched', failure: { kind: 'step-failed', step: text, exit: exitOf(text) } }, 1);

const planOf = (text: string) => ({
  to: 'nothing' as const,
  base: 1 as never,
  runtime: 'nohup' as const,
  changes: [
    { sign: '+' as const, step: text },
    { sign: '-' as const, part: { kind: 'code' as const, name: text } },
    { sign: '!' as const, drift: { kind: 'changed' as const, path: text } },
  ],
  units: [
    { unit: text, do: 'restart' as const, because: { kind: 'file' as const, name: text }, more: 0 },
    { unit: text, do: 'leave' as const },
  ],
  replaces: [
    {
      ...{ unit: text, aliasOf: text, state: text, running: 1, early: false, carries: false, path: text },
      ...{ startedBy: [text], neededBy: [text] },
    },
  ],
  returns: [{ unit: text, state: text, running: 1, path: text }],
  beside: [
    { by: 'process', pid: 1, account: text, unit: text, cwd: text, copyOf: [text], command: text },
    { by: 'line', account: text, file: text, copyOf: [], command: text },
  ] as const,
  byHand: [{ unit: text, what: 'stopped' as const, at: text, by: text }],
  logins: [{ account: text, whose: 'keys' as const, changes: [{ what: 'home' as const, from: text, to: text }] }],
  warnings: [text],
});
const exitOf = (text: string) => ({ code: 1, stdout: `one\n${text}`, stderr: text });

test.each(Object.entries(ATTACKS))('%s reaches no renderer through any field', async (_name, text) => {
  for (const options of [{ verbose: true }, { mode: 'json' }] as const) {
    const { stdout, stderr } = await play(hostile(text), 'deploy', 3, { ...options, hosts: HOSTS.slice(0, 1) });
    expect(stdout.length).toBeGreaterThan(200);
    expect(stdout + stderr).not.toMatch(OBEYED);
    expect(stdout).not.toMatch(/^web-2/m);
  }
  // The terminal of this test fails on every control character and sequence but the view's own.
  const { terminal, reporter } = await onTerminal(80, 24, { hosts: HOSTS.slice(0, 1) });
  const script = hostile(text);
  for (const event of script.events) reporter.on(event);
  await reporter.close(script.summary('deploy', 3));
  expect(terminal.all()).toContain('untouched');
});
