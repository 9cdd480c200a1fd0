import { execFileSync, spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { Secret } from '../../src/model/secret.ts';
import { sh } from '../../src/shell/sh.ts';
import { bootBy, bootDirect, bootPassword, bootUnknown } from '../../src/transport/exec/boot.ts';
import { wholeScript } from '../../src/transport/exec/script.ts';

const boots = {
  auto: bootUnknown('auto'),
  none: bootUnknown('none'),
  sudo: bootUnknown('sudo'),
  direct: bootDirect(),
  bySudo: bootBy('sudo'),
  byDoas: bootBy('doas'),
  byPassword: bootPassword(new Secret('P', 'hidden')),
};

test.each(Object.entries(boots))('the command line of %s reads the same in any login shell', (_name, { command }) => {
  // fish unescapes backslashes inside single quotes, csh expands `!` there; dropbear takes 9000 bytes.
  expect(command).not.toMatch(/[\\!\n]/);
  expect(command.length).toBeLessThan(2000);
  expect(command).not.toContain('hidden');
  for (const quoted of command.match(/'[^']*'/g) ?? []) execFileSync('sh', ['-n', '-c', quoted.slice(1, -1)]);
});

test.each([['dash'], ['bash'], ['busybox', 'sh']])(
  'a job runs in %s, and one that was cut off does not',
  (...shell) => {
    const { command, nonce } = bootUnknown('none');
    const [program = 'sh', ...args] = shell;
    const run = (input: string) => spawnSync(program, [...args, '-c', command], { input, encoding: 'utf8' });
    const whole = `${nonce}:exec ${shell.join(' ')} -s\n${wholeScript(sh`echo one; cat; echo two`)}`;
    expect(run(whole).stdout).toMatch(new RegExp(`^${nonce}:(root|user):\\d+\n${nonce}:go\none\ntwo\n$`));
    for (let length = 0; length < whole.length - 1; length += 1)
      expect(run(whole.slice(0, length)).stdout).not.toContain('one');
  },
);
