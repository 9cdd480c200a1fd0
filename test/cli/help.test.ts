import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { examplesOf } from '../../src/cli/help.ts';
import { program, runCommandLine } from '../../src/cli/program.ts';
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
  const groups = ['Flags of this command', 'Which hosts', 'How to go about it', 'Common flags'];
  expect(heads).toEqual([...groups, 'Examples']);
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
  const topics = [
    ...(/^Topics: (.*); tasks, checks, or one of them: (.*); notifiers, or one of them: (.*)$/ms.exec(stdout) ?? []),
  ]
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
  // A page of docs/reference with all of its kind.
  for (const [page, ...kinds] of [
    ['tasks', 'sync', 'units'],
    ['checks', 'http', 'tcp'],
    ['notifiers', 'ntfy', 'mail'],
  ]) {
    const { code, stdout: all } = await fleet(`help ${page}`);
    expect({ page, code }).toEqual({ page, code: 0 });
    for (const kind of kinds) expect(all).toContain((await fleet(`help ${kind}`)).stdout.trim());
  }
  expect((await fleet('help sync')).stdout).toMatch(/^from: string, required\n {4}Folder on this machine/m);
});

it('a topic that there is not is refused with what was meant', async () => {
  expect(await fleet('help synk')).toMatchObject({
    ...{ code: 2, stdout: '' },
    stderr: 'there is no help about synk; did you mean "sync"?\nfleet help lists all topics\n',
  });
});

it('every command has an example, whose command and flags there are', async () => {
  const tree = program({ stdout: new PassThrough(), stderr: new PassThrough() } as unknown as CliContext, () => {});
  const commands = tree.createHelp().visibleCommands(tree);
  const without = commands.filter((one) => examplesOf(one).length === 0).map((one) => one.name());
  expect(without).toEqual(['demo', 'help']);
  const wrong = [tree, ...commands].flatMap(examplesOf).flatMap(([line]) => {
    const [, own = ''] = /(?:^|[|(] ?)fleet (.*)$/.exec(line) ?? [];
    // Behind `--` stands what is run.
    const words = own.split(' -- ')[0]?.split(' ') ?? [];
    const command = commands.find((one) => words.includes(one.name()));
    const known = command?.options.flatMap(({ short, long }) => [short, long]) ?? [];
    return words.filter((word) => /^--?[a-zA-Z]/.test(word) && !known.includes(word)).map((word) => `${line}: ${word}`);
  });
  expect(wrong).toEqual([]);
});
