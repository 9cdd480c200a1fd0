import { describe, expect, it } from 'vitest';
import { files } from '../../src/tasks/files.ts';
import { filesOf, hostWith, planOf, refusal, UNPRIVILEGED } from './rig.ts';

const io = filesOf({ 'config/a.toml': 'host = "{{ host }}"\n' });
const plan = (entry: object, context = hostWith(), probe = 'group root\nplace 0 root \n') =>
  planOf(files, [entry], probe, context, io);

describe('a file', () => {
  it('in the release is staged with its mode', async () => {
    const { stage, files: live } = await plan({ from: 'config/a.toml', to: "conf/a b'c.toml", mode: '0640' });
    expect(stage).toEqual([
      {
        id: "files:conf/a b'c.toml",
        title: "write conf/a b'c.toml",
        do: 'put',
        to: "conf/a b'c.toml",
        content: 'host = "{{ host }}"\n',
        mode: 0o640,
      },
    ]);
    expect(live).toEqual([]);
  });

  it('may hold any bytes, in the release and outside of it', async () => {
    const bytes = Uint8Array.from([0, 255, 254, 10]);
    const binary = { ...io, bytes: async () => bytes };
    const list = [
      { from: 'logo.png', to: 'logo.png' },
      { from: 'logo.png', to: '/etc/logo.png' },
    ];
    const { stage, files: live } = await planOf(files, list, '', hostWith(), binary);
    expect(stage).toMatchObject([{ content: bytes }]);
    expect(live).toMatchObject([{ content: bytes }]);
  });

  it('that is a script with CRLF line ends is warned of', async () => {
    const warnings: string[] = [];
    const hearing = (text: string) => ({ ...filesOf({ 'a.sh': text }), warn: (said: string) => warnings.push(said) });
    await planOf(files, [{ from: 'a.sh', to: 'a.sh' }], '', hostWith(), hearing('#!/bin/sh\necho \r\n'));
    expect(warnings).toEqual([]);
    await planOf(files, [{ from: 'a.sh', to: 'a.sh' }], '', hostWith(), hearing('#!/bin/sh\r\necho\r\n'));
    expect(warnings).toEqual([expect.stringMatching(/^a\.sh: the #! line ends with CRLF/)]);
  });

  it('is filled only when it is a template', async () => {
    expect((await plan({ from: 'config/a.toml', to: 'a', template: true })).stage).toMatchObject([
      { content: 'host = "alpha"\n' },
    ]);
  });

  it('may stand in the playbook itself', async () => {
    expect((await plan({ content: 'x', to: 'a' })).stage).toMatchObject([{ content: 'x', mode: 0o644 }]);
  });

  it('outside of the release is installed by activation, as root’s unless told otherwise', async () => {
    const entry = { content: 'x', to: '/etc/jarvis.conf' };
    expect(await plan(entry)).toMatchObject({
      stage: [],
      files: [{ path: '/etc/jarvis.conf', content: 'x', mode: 0o644, owner: 'root', group: 'root' }],
      unsupported: [],
    });
    expect((await plan({ ...entry, owner: 'jarvis', group: 'adm' })).files).toMatchObject([
      { owner: 'jarvis', group: 'adm' },
    ]);
  });

  it('outside of the app needs root', async () => {
    const { unsupported } = await plan(
      { content: 'x', to: '/etc/jarvis.conf' },
      UNPRIVILEGED,
      'group deploy\nplace 0 root \n',
    );
    expect(unsupported).toEqual(['root, to install /etc/jarvis.conf']);
  });

  it('under the root of the app needs none, unless it is for somebody else', async () => {
    const entry = { content: 'x', to: '/opt/jarvis/extra.conf' };
    expect(await plan(entry, UNPRIVILEGED, 'group users\nplace 0 root \n')).toMatchObject({
      files: [{ owner: 'deploy', group: 'users' }],
      unsupported: [],
    });
    expect(
      (await plan({ ...entry, owner: 'root' }, UNPRIVILEGED, 'group users\nplace 0 root \n')).unsupported,
    ).toHaveLength(1);
  });

  it('below a folder of an account is that account’s, and nobody else’s', async () => {
    const entry = { content: 'x', to: '/srv/web/x.conf' };
    const below = 'group root\nplace 0 web \n';
    expect(await plan(entry, hostWith(), below)).toMatchObject({ files: [{ owner: 'web' }], unsupported: [] });
    expect((await plan({ ...entry, owner: 'web' }, hostWith(), below)).unsupported).toEqual([]);
    expect((await plan({ ...entry, owner: 'jarvis' }, hostWith(), below)).unsupported).toEqual([
      'a place for /srv/web/x.conf (jarvis) that web cannot change: it lies below a folder of web, so nobody else can own it',
    ]);
  });

  it('has no place where somebody can turn the way to it, nor where a link stands', async () => {
    const entry = { content: 'x', to: '/srv/web/x.conf' };
    expect((await plan(entry, hostWith(), 'group root\nplace 0  anybody may write in /srv/web\n')).unsupported).toEqual(
      ['a place for /srv/web/x.conf that nobody but root can change: anybody may write in /srv/web'],
    );
    expect((await plan(entry, hostWith(), 'group root\nplace 0 root \ntaken 0\n')).unsupported).toEqual([
      'a file at /srv/web/x.conf, where a link or something else stands',
    ]);
    expect((await plan(entry, hostWith(), '')).unsupported).toEqual(['a look at the folders above /srv/web/x.conf']);
  });

  it('that others may change is warned of', async () => {
    expect((await plan({ content: 'x', to: 'a', mode: '0666' })).warnings).toEqual([
      'a (0666) can be changed by others than its owner',
    ]);
  });

  it.each([
    '/opt/jarvis/current/x',
    '/opt/jarvis/releases/3/x',
    '/opt/jarvis/.env',
    '/etc/systemd/system/x.service',
    '/var/lib/fleet/jarvis/state',
  ])('is not %s, which fleet itself writes', (to) =>
    expect(plan({ content: 'x', to })).rejects.toThrow(`${to} cannot be a file of the playbook`),
  );

  it.each([
    { to: 'a' },
    { to: 'a', from: 'x', content: 'y' },
    { to: '../a', content: '' },
    { to: 'a\nb', content: '' },
    { to: '.env', content: '' },
    { to: 'sub/.env.production', content: '' },
    { to: 'a', content: '', owner: 'jarvis' },
    { to: 'a', content: '', mode: '4755' },
    { to: 'a', content: '', mode: 644 },
    { to: 'a', content: '', template: true },
    { to: '/a', content: '', owner: "a b'c" },
  ])('is refused as %j', (entry) => expect(refusal(files, [entry])).not.toBeNull());

  it('is the only one for its path', () =>
    expect(
      refusal(files, [
        { to: 'a', content: '' },
        { to: 'a', content: 'x' },
      ]),
    ).toBe('must not name a twice'));

  it('without root asks the host for the group of the login only when that is needed', () => {
    const probe = (to: string) => files.probe(files.schema.parse([{ to, content: '' }]), hostWith().layout);
    expect(probe('a')).toBeNull();
    expect(probe('/a')?.text).toContain('id -gn');
  });
});
