import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { program } from '../../src/cli/program.ts';
import { commandFirst, wantsJson } from '../../src/cli/words.ts';

const fleet = program({ stdout: new PassThrough(), stderr: new PassThrough() } as unknown as CliContext, () => {});
const first = (line: string) => commandFirst(line.split(' '), fleet).join(' ');

describe('flags before the command', () => {
  it.each([
    ['-C dir check', 'check -C dir'],
    ['--json --host web1 deploy --yes', 'deploy --json --host web1 --yes'],
    ['--host=web1 deploy', 'deploy --host=web1'],
    ['-v -C deploy plan', 'plan -v -C deploy'],
    ['--help deploy', 'deploy --help'],
    // As they stand: a command that is first, none, what is no command's, and what ends flags.
    ['check -C dir', 'check -C dir'],
    ['--json', '--json'],
    ['-C dir', '-C dir'],
    ['--version check', '--version check'],
    ['-- check', '-- check'],
  ])('%s', (line, expected) => {
    expect(first(line)).toBe(expected);
  });

  it('are told from what they take, also those of a single command', () => {
    expect(first('--to 3 rollback')).toBe('rollback --to 3');
    expect(first('--full rollback')).toBe('rollback --full');
  });
});

it('JSON is asked for by either flag, wherever it stands', () => {
  const asked = (line: string) => wantsJson(line.split(' '));
  expect(['deploy --json', '--json deploy', 'health --format json', 'health --format=json'].map(asked)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect(['deploy', 'health --format nagios', 'health --format jsonx'].map(asked)).toEqual([false, false, false]);
});
