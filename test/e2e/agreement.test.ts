import { afterAll, beforeAll, expect, it } from 'vitest';
import { splitWords } from '../../src/unit/syntax/words.ts';
import { read } from '../unit/sample.ts';
import { startHost, type TestHost } from './rig/index.ts';

let host: TestHost;
beforeAll(async () => {
  host = await startHost('reader', 'systemd');
});
afterAll(() => host?.[Symbol.asyncDispose]());

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

/** The dump quotes a dollar sign and a backtick too, which a unit file need not. */
const dumped = (line: string) =>
  splitWords(
    line.replace(/(\\\\)|\\([$`])/g, (_, backslash, other) => backslash ?? other),
    'c',
  ).words;

it('systemd itself reads command lines as we do', async () => {
  const text = `[Service]\nType=oneshot\n${LINES.map((line) => `ExecStart=${line}\n`).join('')}`;
  await host.writeFile('/tmp/d.service', text);
  const debug = 'SYSTEMD_LOG_LEVEL=debug SYSTEMD_COLORS=0';
  const { stdout } = await host.sh(`${debug} systemd-analyze verify --man=no /tmp/d.service`);
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
