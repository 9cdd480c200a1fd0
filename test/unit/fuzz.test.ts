import fc from 'fast-check';
import { expect, test } from 'vitest';
import { expandServices } from '../../src/unit/graph/graph.ts';
import { effectiveUnit } from '../../src/unit/settings/effective.ts';
import { readService } from '../../src/unit/settings/read-service.ts';
import { splitWords } from '../../src/unit/syntax/words.ts';
import { parseDuration } from '../../src/unit/values/duration.ts';
import { file } from './sample.ts';

const KEYS =
  'ExecStart ExecStop Environment EnvironmentFile User Nice UMask Restart RestartSec TimeoutSec After Wants WantedBy PartOf Type KillSignal StandardOutput RuntimeDirectory DefaultInstance SuccessExitStatus WorkingDirectory'.split(
    ' ',
  );
const BITS = [
  '/bin/a',
  '%i',
  '%',
  '%%',
  '$',
  '$$',
  '${',
  '}',
  '$A',
  '"',
  "'",
  '\\',
  '\\x',
  '\\x41',
  '\\u00e9',
  ';',
  '@',
  '-',
  '=',
  ' ',
  '\t',
  '5min',
  'a.target',
  'x@.service',
  'x@1.service',
  'é',
  '\u{1F600}',
  '\ud800',
];

const value = fc.oneof(
  fc.array(fc.constantFrom(...BITS), { maxLength: 8 }).map((bits) => bits.join('')),
  fc.string({ unit: 'binary' }),
);
const line = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...KEYS), value).map(([key, text]) => `${key}=${text}`) },
  { weight: 2, arbitrary: fc.constantFrom('[Unit]', '[Service]', '[Install]', '[X', '# c \\', '\\', '', '\r', '\0') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
);
const text = fc.array(line, { maxLength: 20 }).map((lines) => lines.join('\n'));
const path = fc.constantFrom(
  'x@.service',
  'a.target',
  'b.service',
  'b.service.d/1.conf',
  'x@1.service.d/2.conf',
  'service.d/0.conf',
);
const units = fc.uniqueArray(
  fc.tuple(path, text).map(([name, content]) => file(name, content)),
  { selector: (unit) => unit.path, maxLength: 6 },
);

test('no text makes the reader throw, and each problem has a line of its file', () => {
  fc.assert(
    fc.property(units, (set) => {
      for (const name of ['x@1.service', 'b.service', 'a.target']) {
        const unit = effectiveUnit(set, name);
        if (!unit) continue;
        for (const { file: of, line: at } of readService(unit).problems) {
          const source = set.find((other) => other.path === of);
          expect(at).toBeLessThanOrEqual((source?.text.split(/[\n\r\0]/).length ?? 0) + 1);
        }
      }
      const { start } = expandServices(set, ['a.target', 'x@1', 'b']);
      expect(new Set(start).size).toBe(start.length);
    }),
    { numRuns: 500 },
  );
});

test('words that were quoted come back as they were', () => {
  const quoted = (word: string) => `"${word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (words) => {
      expect(splitWords(words.map(quoted).join(' '), 'c').words).toEqual(words);
    }),
  );
});

test('a time span is a number from 0 or nothing', () => {
  fc.assert(
    fc.property(value, (span) => {
      const seconds = parseDuration(span);
      expect(seconds === null || seconds >= 0).toBe(true);
    }),
  );
});
