import { expect, it } from 'vitest';
import { parseRun } from '../e2e/fleet.ts';
import { type Bench, openBench, STORY } from './bench.ts';

/** With --json before the command, behind which flags are its own. */
const json = async (bench: Bench<string>, ...words: readonly string[]) =>
  parseRun(await bench.human('run', '--json', ...words));

it(
  'a command runs on every host, its lines bear the name of the host, and its words are read by no shell',
  STORY,
  async () => {
    await using bench = await openBench('one', 'two');
    const words = await bench.human('run', '--all', '--', 'printf', '%s\\n', '$HOME; id', "it's");
    expect({ code: words.code, stderr: words.stderr }).toEqual({ code: 0, stderr: '' });
    expect(words.stdout.trim().split('\n').sort()).toEqual([
      ...['one | $HOME; id', "one | it's", 'two | $HOME; id', "two | it's"],
    ]);
    // With a shell it would be.
    const shell = await bench.human('run', '--host', 'one', '--shell', '--', 'echo $((6 * 7)) | tr 4 9');
    expect(shell).toMatchObject({ code: 0, stdout: 'one | 92\n' });
  },
);

it('the worst exit status is its own; JSON keeps streams apart and shows no control byte', STORY, async () => {
  await using bench = await openBench('one', 'two');
  const script = 'printf "\\033[2Jred\\n"; echo bad >&2; [ "$(pwd | grep -c x)" = 9 ] || exit 7';
  const run = await json(bench, '--all', '--shell', '--', script);
  expect({ code: run.code, said: run.summary?.exitCode }).toEqual({ code: 7, said: 7 });
  const lines = run.events.filter(({ type }) => type === 'output').map(({ stream, line }) => [stream, line]);
  expect(lines).toEqual(
    expect.arrayContaining([
      ['stdout', '\x1b[2Jred'],
      ['stderr', 'bad'],
    ]),
  );
  expect(run.stdout).not.toContain('\x1b');
  const human = await bench.human('run', '--all', '--shell', '--', script);
  expect(human.stdout).toContain('one | \\x1b[2Jred\n');
  expect(human.stdout).not.toContain('\x1b');
  expect(human.stdout).toMatch(/^one +7$/m);
});

it(
  'a host that is down ends it with 3, one that takes too long with 1, and neither hides the others',
  STORY,
  async () => {
    await using bench = await openBench('down', 'up');
    const late = await json(bench, '--host', 'up', '--timeout', '500ms', '--', 'sleep', '60');
    expect({ code: late.code, kind: late.summary?.hosts[0]?.failure?.kind }).toEqual({ code: 1, kind: 'timed-out' });
    // No status that no program returned.
    expect(late.summary?.hosts[0]).toMatchObject({ work: { kind: 'command', code: null } });
    const told = await bench.human('run', '--host', 'up', '--timeout', '500ms', '--', 'sleep', '60');
    expect(told.stdout).toMatch(/^x up: FAILED: sleep 60: no exit status, it timed out after 0\.5s$/m);
    expect(told.stdout).not.toContain('255');
    await bench.hosts.down.line.close();
    const run = await bench.human('run', '--all', '--', 'echo', 'here');
    expect(run.code).toBe(3);
    expect(run.stdout).toContain('up | here\n');
    expect(run.stdout).toMatch(/^x down: untouched/m);
  },
);

it('another account needs root, and one that there is not is said', STORY, async () => {
  await using bench = await openBench('it');
  const none = await bench.human('run', '--all', '--as', 'nobody-of-that-name', '--', 'id');
  expect(none.code).toBe(126);
  expect(none.stdout).toContain('there is no account nobody-of-that-name on this host');
  expect((await bench.human('run', '--all', '--as', 'a b', '--', 'id')).code).toBe(2);
});

it(
  'secrets of all apps of a host are cleared out of what it prints, and a file that cannot be read stops nothing',
  STORY,
  async () => {
    await using bench = await openBench('it');
    const other = { name: 'other', root: '/opt/other', hosts: ['it'], tasks: [{ env: { from: 'secrets/other.env' } }] };
    bench.write('playbooks/other.yaml', JSON.stringify(other));
    bench.write('secrets/other.env', "KEY='needle of the other'\n");
    const said = 'echo canary-token, needle of the other, a word; printf canary-token | base64 >&2';
    const run = await json(bench, '--app', 'app', '--shell', '--', said);
    const lines = run.events.filter(({ type }) => type === 'output').map(({ line }) => line);
    expect(lines.sort()).toEqual(['[secret TOKEN], [secret KEY], a word', '[secret TOKEN]'].sort());
    expect(run.stdout).not.toMatch(/canary-token|needle of/);
    // Where they are not known they are told: the control.
    bench.remove('secrets/other.env');
    const unknown = await bench.human('run', '--all', '--shell', '--', said);
    expect(unknown.code).toBe(0);
    expect(unknown.stdout).toContain('it | [secret TOKEN], needle of the other, a word\n');
  },
);
