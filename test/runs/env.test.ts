import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { jsonLines } from '../json-lines.ts';
import { type Bench, openBench, STORY } from './bench.ts';

const NEEDLE = 'canary-rotated-77e1';
const FILE = '# keys of the shop\nTOKEN=canary-token\n\nexport OLD=x\n';

async function shop(): Promise<Bench<'it'> & { read(): string }> {
  const bench = await openBench('it');
  bench.write('secrets/app.env', FILE);
  bench.playbook({
    tasks: [{ env: { from: 'secrets/app.env', required: ['TOKEN', 'API_KEY'], set: { OLD: 'y' } } }],
  });
  return { ...bench, read: () => readFileSync(join(bench.folder, 'secrets/app.env'), 'utf8') };
}

it('names, places and what is missing are listed, and no value', STORY, async () => {
  await using bench = await shop();
  const { code, stdout } = await bench.human('env', 'list');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^app +TOKEN +secrets\/app\.env:2 +required$/m);
  expect(stdout).toMatch(/^app +OLD +secrets\/app\.env:4 +the playbook's set: counts$/m);
  expect(stdout).toMatch(/^app +API_KEY +secrets\/app\.env +required, missing$/m);
  const json = await bench.human('env', 'list', '--json');
  expect(jsonLines(json.stdout)).toMatchObject([
    {
      ...{ type: 'env', file: 'secrets/app.env', apps: ['app'], v: 1 },
      keys: [{ key: 'TOKEN', line: 2 }, { key: 'OLD' }, { key: 'API_KEY', line: 0 }],
    },
    { type: 'summary', command: 'env', exitCode: 0, hosts: [] },
  ]);
  for (const text of [stdout, json.stdout]) expect(text).not.toContain('canary');
});

it('a value from standard input is set, every other byte stays, and it is said what to type next', STORY, async () => {
  await using bench = await shop();
  const set = await bench.given(`${NEEDLE}\n`, 'env', 'set', 'TOKEN');
  expect(set).toMatchObject({ code: 0, stderr: '' });
  expect(set.stdout).toBe('secrets/app.env:2: TOKEN replaced\nnext: fleet deploy --only env --app app\n');
  expect(bench.read()).toBe(FILE.replace('canary-token', NEEDLE));
  const lines = await bench.given('two\nlines\n', 'env', 'set', 'API_KEY', '--json');
  expect(jsonLines(lines.stdout)).toMatchObject([
    { type: 'env-change', file: 'secrets/app.env', apps: ['app'], key: 'API_KEY', line: 5, had: false },
    { type: 'summary', exitCode: 0 },
  ]);
  expect(bench.read().endsWith("API_KEY='two\nlines'\n")).toBe(true);
  const unset = await bench.human('env', 'unset', 'API_KEY');
  expect(unset).toMatchObject({ code: 0, stderr: 'warning: API_KEY is required: no deploy begins without it\n' });
  expect(bench.read()).toBe(FILE.replace('canary-token', NEEDLE));
  expect(statSync(join(bench.folder, 'secrets/app.env')).mode & 0o777).toBe(0o600);
  expect((await bench.given('z', 'env', 'set', 'OLD')).stderr).toContain('set:, which counts more');
});

it('a value in the command line is refused, and not repeated', STORY, async () => {
  await using bench = await shop();
  for (const words of [['TOKEN', NEEDLE], [`TOKEN=${NEEDLE}`]]) {
    const run = await bench.given('x\n', 'env', 'set', ...words);
    expect(run).toMatchObject({ code: 2, stdout: '' });
    expect(run.stderr).toContain('stays in the history of the shell');
    expect(run.stderr).toContain('fleet env set TOKEN');
    expect(run.stderr).not.toContain(NEEDLE);
  }
  expect(bench.read()).toBe(FILE);
});

it('what cannot be is refused with the reason, and nothing is changed', STORY, async () => {
  await using bench = await shop();
  const why = async (input: string | Buffer, ...words: readonly string[]) => {
    const run = await bench.given(input, 'env', ...words);
    expect(run.code).toBe(2);
    expect(bench.read()).toBe(FILE);
    return run.stderr;
  };
  expect(await why('', 'set', 'TOKEN')).toContain('no value was given for TOKEN');
  expect(await why(Buffer.from([0x61, 0xff]), 'set', 'TOKEN')).toContain('no text that an environment can hold');
  expect(await why('a\0b', 'set', 'TOKEN')).toContain('no text that an environment can hold');
  expect(await why('x', 'set', 'BASH_ENV')).toContain('the key must be letters');
  expect(await why('', 'unset', 'TOKE')).toContain('did you mean "TOKEN"?');
  expect(await why('x', 'set', 'A', '--file', 'secrets/ap.env')).toContain('did you mean "secrets/app.env"?');

  const broken = 'TOKEN=a b=c\nOLD="\n';
  writeFileSync(join(bench.folder, 'secrets/app.env'), broken);
  const run = await bench.given(NEEDLE, 'env', 'set', 'TOKEN');
  expect(run.code).toBe(2);
  expect(run.stderr).toMatch(/^secrets\/app\.env:1: .*\nsecrets\/app\.env:2: .*\nnothing was changed$/m);
  expect(bench.read()).toBe(broken);

  bench.remove('secrets/app.env');
  bench.write('elsewhere.env', FILE);
  symlinkSync(join(bench.folder, 'elsewhere.env'), join(bench.folder, 'secrets/app.env'));
  expect(await why('x', 'set', 'TOKEN')).toContain('secrets/app.env is a link');
});

it('where hosts have files of their own, one is named', STORY, async () => {
  await using bench = await openBench('one', 'two');
  bench.playbook({ tasks: [{ env: { from: 'secrets/{{ host }}.env' } }] });
  bench.write('secrets/one.env', 'A=1\n');
  bench.write('secrets/two.env', 'A=2\n');
  const two = join(bench.folder, 'secrets/two.env');
  expect(await bench.given('x', 'env', 'set', 'A')).toMatchObject({ code: 2 });
  expect((await bench.given('x', 'env', 'set', 'A', '--file', 'secrets/two.env')).code).toBe(0);
  expect(readFileSync(two, 'utf8')).toBe('A=x\n');
  expect(readFileSync(join(bench.folder, 'secrets/one.env'), 'utf8')).toBe('A=1\n');
});
