import { describe, expect, it } from 'vitest';
import { user } from '../../src/tasks/user.ts';
import { hostWith, layout, planOf, refusal, runIn, SHELLS, UNPRIVILEGED } from './rig.ts';

const ABSENT = 'account \nmember \ngroup no\n';
const PRESENT =
  'account jarvis:x:998:998:fleet jarvis:/opt/jarvis:/usr/sbin/nologin\nmember jarvis video\ngroup yes\ngroup yes\n';
const BUSYBOX = hostWith({ tools: new Set(['adduser', 'tar']) });

const scripts = async (entry: unknown, stdout: string, context = hostWith()) => {
  const [step, ...rest] = (await planOf(user, entry, stdout, context)).prepare;
  expect(rest).toEqual([]);
  return { title: step?.title, apply: step?.apply.text, undo: String(step?.undo) };
};

describe('a service account', () => {
  it('is created without a home of its own and without a shell to log in with', async () => {
    const { title, apply } = await scripts({ name: 'jarvis' }, ABSENT);
    expect(title).toBe('create the account jarvis');
    expect(apply).toContain(
      'groupadd --system jarvis && useradd --system --gid jarvis --home-dir /opt/jarvis --no-create-home',
    );
    expect(apply).toContain('shell=/usr/sbin/nologin');
    expect(apply).toContain(`--comment 'fleet jarvis' jarvis`);
  });

  it('is removed again only if its comment says that this app created it', async () => {
    const { undo } = await scripts({ name: 'jarvis' }, ABSENT);
    expect(undo).toMatch(/\[ "\$mark" != 'fleet jarvis' \] \|\| userdel jarvis \|\| exit/);
    expect(undo).toContain('groupdel jarvis');
  });

  it('leaves a group alone that was there before', async () => {
    const { apply, undo } = await scripts({ name: 'jarvis' }, 'account \nmember \ngroup yes\n');
    expect(apply).not.toContain('groupadd');
    expect(undo).not.toContain('groupdel');
  });

  it('is created by the applets of busybox where there is no useradd', async () => {
    const { apply, undo } = await scripts(
      { name: 'jarvis', groups: ['video'], shell: '/bin/sh' },
      `${ABSENT}group yes\n`,
      BUSYBOX,
    );
    expect(apply).toBe(
      'shell=/bin/sh\naddgroup -S jarvis && adduser -S -D -H -G jarvis -h /opt/jarvis -s "$shell" -g \'fleet jarvis\' jarvis && addgroup jarvis video',
    );
    expect(undo).toContain('deluser jarvis');
  });

  it('is no system account when the playbook says so', async () => {
    expect((await scripts({ name: 'jarvis', system: false }, ABSENT)).apply).not.toContain('--system');
  });

  it('is left alone when it is as wanted', async () => {
    const want = { name: 'jarvis', home: '/opt/jarvis', shell: '/usr/sbin/nologin', groups: ['video'] };
    expect(await planOf(user, want, PRESENT)).toMatchObject({ prepare: [], unsupported: [], warnings: [] });
  });

  it('keeps its home and shell when the playbook names none', async () => {
    const login = 'account ubuntu:x:1000:1000::/home/ubuntu:/bin/bash\nmember ubuntu\ngroup yes\n';
    expect(await planOf(user, { name: 'ubuntu' }, login)).toMatchObject({ prepare: [] });
  });

  it('gets only what differs, and gets back what it had', async () => {
    const want = { name: 'jarvis', home: '/srv/jarvis', groups: ['video', 'adm'] };
    const { title, apply, undo } = await scripts(want, `${PRESENT}group yes\n`);
    expect(title).toBe('give the account jarvis home /srv/jarvis, group adm');
    expect(apply).toBe('usermod --home /srv/jarvis jarvis && usermod --append --groups adm jarvis');
    expect(undo).toContain('usermod --home /opt/jarvis jarvis && ');
    expect(undo).toContain('gpasswd --delete jarvis adm');
    expect(undo).not.toContain('video');
  });

  describe('that somebody logs in with', () => {
    const KEYS = `${PRESENT}keys\n`;
    const want = { name: 'jarvis', home: '/srv/jarvis', shell: '/bin/false' };
    const changes = [
      { what: 'home', from: '/opt/jarvis', to: '/srv/jarvis' },
      { what: 'shell', from: '/usr/sbin/nologin', to: '/bin/false' },
    ];
    const own = { ...hostWith(), logins: ['deploy', 'jarvis'] };

    it.each([
      ['fleet itself', PRESENT, own, 'fleet'],
      ['whoever has a key', KEYS, hostWith(), 'keys'],
    ] as const)('keeps its home and shell where that is %s', async (_name, stdout, context, whose) => {
      const plan = await planOf(user, want, stdout, context);
      expect(plan.refused).toEqual([{ kind: 'login-account', account: 'jarvis', whose, changes }]);
      // One that is nobody's way in is changed.
      expect((await planOf(user, want, PRESENT)).refused).toEqual([]);
    });

    it('is changed where the playbook says so, with a word about it', async () => {
      const plan = await planOf(user, { ...want, changeLogin: true }, KEYS);
      expect(plan).toMatchObject({ refused: [], prepare: [{ title: expect.stringContaining('home /srv/jarvis') }] });
      expect(plan.logins).toEqual([{ account: 'jarvis', whose: 'keys', changes }]);
    });

    it('may join groups', async () => {
      const plan = await planOf(user, { name: 'jarvis', groups: ['adm'] }, KEYS, own);
      expect(plan).toMatchObject({ refused: [], prepare: [{ title: 'give the account jarvis group adm' }] });
    });
  });

  it.each([
    ['no root and no account', { name: 'jarvis' }, ABSENT, UNPRIVILEGED, 'root, to create the account jarvis'],
    [
      'no root and another shell',
      { name: 'jarvis', shell: '/bin/sh' },
      PRESENT,
      UNPRIVILEGED,
      'root, to give the account jarvis shell /bin/sh',
    ],
    [
      'no tool to create one',
      { name: 'jarvis' },
      ABSENT,
      hostWith({ tools: new Set() }),
      'useradd or adduser, to create the account jarvis',
    ],
    [
      'no tool to change one',
      { name: 'jarvis', home: '/x' },
      PRESENT,
      BUSYBOX,
      'usermod, to give the account jarvis home /x',
    ],
    ['no answer', { name: 'jarvis' }, '', hostWith(), 'a readable /etc/passwd, to look for the account jarvis'],
  ])('is unsupported with %s', async (_name, entry, stdout, context, needs) => {
    expect(await planOf(user, entry, stdout, context)).toMatchObject({ prepare: [], unsupported: [needs] });
  });

  it('needs no root when there is nothing to do', async () => {
    expect(await planOf(user, { name: 'jarvis' }, PRESENT, UNPRIVILEGED)).toMatchObject({
      prepare: [],
      unsupported: [],
    });
  });

  it('warns of a group that is not there', async () => {
    const { warnings } = await planOf(
      user,
      { name: 'jarvis', groups: ['vidoe'] },
      'account \nmember \ngroup no\ngroup no\n',
    );
    expect(warnings).toEqual(['group vidoe is not there, and jarvis cannot join it until a task brings it']);
  });

  it.each(["a b'c", '-x', 'a:b', 'a\nb', 'root', '', 'a/b', '$(id)', '7of9'])('cannot be called %j', (name) =>
    expect(refusal(user, { name })).not.toBeNull(),
  );

  it.each(['relative', '/a/../b', '/a:b', '/a\nb'])('cannot have the home %j', (home) =>
    expect(refusal(user, { name: 'jarvis', home })).not.toBeNull(),
  );
});

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('the probe in %s', (_name, shell) => {
  const facts = (name: string, groups: readonly string[]) =>
    user.parse(runIn(shell, user.probe({ name, groups: [...groups], system: true, changeLogin: false }, layout)));

  it('finds an account with its home, shell and groups', () => {
    expect(facts('root', ['root', 'nosuchgroup'])).toMatchObject({
      account: { home: '/root' },
      member: expect.arrayContaining(['root']),
      ownGroup: true,
      groups: [true, false],
    });
  });

  it('tells an account that is not there', () =>
    expect(facts('nosuchuser', [])).toMatchObject({ account: null, ownGroup: false, groups: [] }));
});
