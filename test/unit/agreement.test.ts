import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { splitWords } from '../../src/unit/words.ts';
import { read } from './sample.ts';

const LINES = [
  `/bin/true "a b" 'c d' e"f g"h`,
  '/bin/true \\x41\\102\\u00e9\\xc3\\xa9 \\s \\q \\ x',
  '/bin/true \\; ";" x;y ; /bin/false',
  '/bin/true 100%% %p-%n %! %j',
  '-/bin/true \\\n  # a comment\n  next "" last',
  "-/bin/true %Q ; /bin/false 'it\\'s'",
  '/bin/true one ; "two',
  ':@-/bin/true zero a',
  'true ; ; /bin/false',
];

const systemd = spawnSync('systemd-analyze', ['--version']).error === undefined;

/** The dump quotes a dollar sign and a backtick too, which a unit file need not. */
const dumped = (line: string) =>
  splitWords(
    line.replace(/(\\\\)|\\([$`])/g, (_, backslash, other) => backslash ?? other),
    'c',
  ).words;

test.skipIf(!systemd)('systemd itself, where it is installed, reads command lines as we do', () => {
  const dir = mkdtempSync(join(tmpdir(), 'agreement-'));
  const text = `[Service]\nType=oneshot\n${LINES.map((line) => `ExecStart=${line}\n`).join('')}`;
  writeFileSync(join(dir, 'd.service'), text);
  const { stdout } = spawnSync('systemd-analyze', ['verify', '--man=no', join(dir, 'd.service')], {
    encoding: 'utf8',
    env: { ...process.env, SYSTEMD_LOG_LEVEL: 'debug', SYSTEMD_COLORS: '0' },
  });
  rmSync(dir, { recursive: true });
  const theirs = [...stdout.matchAll(/Command Line: (.*)/g)].map(([, line = '']) => dumped(line));
  const { service } = read(text, 'd.service');
  const ours = service.execStart.map(({ path, argv0, args }) => [
    argv0 ?? path,
    ...args.map((arg) =>
      arg.word === 'split'
        ? `$${arg.name}`
        : arg.parts.map((part) => (part.part === 'literal' ? part.text : '')).join(''),
    ),
  ]);
  expect(theirs.length).toBeGreaterThan(LINES.length);
  expect(ours).toEqual(
    theirs.map((words) => (words[0] === '/bin/true' && words[1] === 'zero' ? words.slice(1) : words)),
  );
});
