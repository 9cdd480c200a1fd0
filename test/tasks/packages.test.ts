import { describe, expect, it } from 'vitest';
import { packages } from '../../src/tasks/packages.ts';
import { hostWith, layout, planOf, refusal, runIn, SHELLS, UNPRIVILEGED } from './rig.ts';

const NAMES = ['python3', 'logrotate'];

describe('packages', () => {
  it.each([
    ['apt', 'apt-get install -y', 'apt-get update'],
    ['dnf', 'dnf install -y', ''],
    ['yum', 'yum install -y', ''],
    ['apk', 'apk add', 'apk update'],
  ])('that are missing are installed by %s, without a question and for good', async (manager, command, refresh) => {
    const { prepare, unsupported } = await planOf(packages, NAMES, `manager ${manager}\nyes\nno\n`);
    expect(unsupported).toEqual([]);
    expect(prepare).toMatchObject([{ title: 'install logrotate', undo: 'keep', timeoutMs: 600_000 }]);
    const apply = prepare[0]?.apply.text ?? '';
    expect(apply).toContain(command);
    expect(apply).toContain(refresh);
    expect(apply).not.toContain('python3');
  });

  it('that are installed are left alone, without root too', async () => {
    const done = { prepare: [], unsupported: [] };
    expect(await planOf(packages, NAMES, 'manager apt\nyes\nyes\n')).toMatchObject(done);
    expect(await planOf(packages, NAMES, 'manager apt\nyes\nyes\n', UNPRIVILEGED)).toMatchObject(done);
  });

  it.each([
    ['no root', 'manager apt\nno\nyes\n', UNPRIVILEGED, 'root, to install the packages python3'],
    [
      'no package manager',
      'manager none\nno\nno\n',
      hostWith(),
      'apt-get, dnf, yum or apk, to look after the packages python3, logrotate',
    ],
    ['no answer', '', hostWith(), 'apt-get, dnf, yum or apk, to look after the packages python3, logrotate'],
  ])('are unsupported with %s', async (_name, stdout, context, needs) => {
    expect(await planOf(packages, NAMES, stdout, context)).toMatchObject({ prepare: [], unsupported: [needs] });
  });

  it.each(["a b'c", '-y', '--purge', 'nginx-', '$(id)', 'a;b', '', 'a\nb', './x.deb', 'a=1'])(
    'cannot be called %j',
    (name) => expect(refusal(packages, [name])).not.toBeNull(),
  );

  it.each(['g++', 'libstdc++6', 'python3.11', 'libc6:amd64', 'R', '7zip'])('can be called %s', (name) =>
    expect(refusal(packages, [name])).toBeNull(),
  );

  it('are named once', () => expect(refusal(packages, ['a1', 'b1', 'a1'])).toBe('must not name a1 twice'));

  it.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))(
    'are looked for by this machine in %s',
    (_name, shell) => {
      const facts = packages.parse(runIn(shell, packages.probe(['dash', 'no-such-package-xyz', 'bash'], layout)));
      expect(['apt', 'dnf', 'yum', 'apk', 'none']).toContain(facts.manager);
      const there = facts.manager !== 'none';
      expect(facts.installed.slice(0, 3)).toEqual([there, false, there]);
    },
  );
});
