import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { EXIT_CODES } from '../../src/output/messages/reference.ts';

async function fleet(line: string) {
  const said = { stdout: '', stderr: '' };
  const stream = (name: keyof typeof said) =>
    new PassThrough({ encoding: 'utf8' }).on('data', (text: string) => {
      said[name] += text;
    });
  const [stdout, stderr] = [stream('stdout'), stream('stderr')];
  const context = { stdout, stderr, invoker: { env: {}, cwd: '/', home: '/', user: 'it' } } as unknown as CliContext;
  const code = await runCommandLine(line.split(' '), context);
  return { code, ...said };
}

it('the help is in groups, each command in one, with examples, exit codes and where to read on', async () => {
  const { code, stdout, stderr } = await fleet('--help');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const heads = [...stdout.matchAll(/^(\S.*):$/gm)].map(([, head]) => head);
  expect(heads).toEqual(['Flags', 'Change hosts', 'Look at hosts', 'On this machine', 'Examples', 'Exit codes']);
  expect(stdout).toMatch(/^ {2}fleet deploy --group vps +\S/m);
  for (const [number] of EXIT_CODES) expect(stdout).toMatch(new RegExp(`^  ${number} +\\S`, 'm'));
  expect(stdout).toMatch(/^Documentation: file:\/\/\/.*README\.md$/m);
  expect(stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('Documentation'))).toEqual([]);
});

it("a command's own flags come first, and a list that is empty by default is not told", async () => {
  const { stdout } = await fleet('rollback --help');
  const heads = [...stdout.matchAll(/^(\S.*):$/gm)].map(([, head]) => head);
  expect(heads).toEqual(['Flags of this command', 'Which hosts', 'How to go about it', 'Common flags']);
  expect(stdout).toContain('(default: 10)');
  expect(stdout).not.toContain('[]');
  expect(await fleet('help rollback')).toMatchObject({ code: 0, stdout });
});

it('what is said to be of every command is of every command', async () => {
  const { stdout } = await fleet('--help');
  const commands = [...stdout.matchAll(/^ {2}([a-z-]+)( |$)/gm)].map(([, name]) => name);
  expect(commands).toEqual(expect.arrayContaining(['deploy', 'init', 'help']));
  const claims = new Set<boolean>();
  for (const name of commands) claims.add(/every command.*:$/m.test((await fleet(`${name} --help`)).stdout));
  expect(claims.size).toBe(1);
});

it('every page that is listed is there, and says something', async () => {
  const { stdout } = await fleet('help');
  const topics = [...(/^Topics: (.*); tasks and checks: (.*); notifiers: (.*)$/ms.exec(stdout) ?? [])]
    .slice(1)
    .flatMap((list) => list.split(/,\s+/));
  expect(topics).toEqual(
    expect.arrayContaining(['exit-codes', 'failures', 'json', 'lint', 'inventory', 'playbook', 'sync', 'http', 'ntfy']),
  );
  for (const topic of topics) {
    const page = await fleet(`help ${topic.trim()}`);
    expect({ topic, code: page.code }).toEqual({ topic, code: 0 });
    expect(page.stdout.split('\n').length).toBeGreaterThan(3);
    expect(page.stdout).not.toMatch(/undefined|\[object/);
  }
  expect((await fleet('help sync')).stdout).toMatch(/^from: string, required\n {4}Folder on this machine/m);
});

it('a topic that there is not is refused with what was meant', async () => {
  expect(await fleet('help synk')).toMatchObject({
    ...{ code: 2, stdout: '' },
    stderr: 'there is no help about synk; did you mean "sync"?\nfleet help lists all topics\n',
  });
});
