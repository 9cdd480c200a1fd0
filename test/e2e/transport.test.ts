import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digest } from '../../src/model/ids.ts';
import type { Tree } from '../../src/model/plan.ts';
import { Secret } from '../../src/model/secret.ts';
import type { Connection } from '../../src/model/target.ts';
import { sh } from '../../src/shell/sh.ts';
import type { ConnectOptions } from '../../src/transport/connect.ts';
import type { RunIo, SyncMethod, Transport } from '../../src/transport/transport.ts';
import { connect, connectionTo, failureIn, never, optionsIn, valueIn } from '../transport/connect-with.ts';
import { type Hosts, startHosts, type TestHost } from './rig/index.ts';
import { eventually } from './samples.ts';

const wanted = { web: 'plain', old: 'plain-bullseye', fresh: 'plain-trixie', tiny: 'busybox' } as const;
const debians = ['web', 'old', 'fresh'] as const;
let hosts: Hosts<typeof wanted>;
let dir: string;
const io: RunIo = { signal: never(), timeoutMs: 30_000 };

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'fleet-transport-e2e-'));
  hosts = await startHosts(wanted);
});
afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

type Login = { user: string; become?: Connection['become']; password?: string } & Partial<ConnectOptions>;

async function login(host: TestHost, { user, become = 'auto', password, ...more }: Login): Promise<Transport> {
  const connection = connectionTo({
    port: host.port,
    user,
    become,
    identityFiles: [host.identityFile],
    hostKeys: host.hostKeys,
  });
  const becomePassword = () =>
    Promise.resolve(password === undefined ? null : new Secret('FLEET_BECOME_PASSWORD', password));
  return valueIn(await connect(connection, optionsIn(dir, { becomePassword, ...more })));
}

const PASSWORD = 'correct horse';
const whoAmI = async (host: Transport) => valueIn(await host.run(sh`id -un`, io)).stdout.trim();

/** A tree with a private file, an executable, an empty folder and a link. */
function sample(name: string): Tree {
  const from = mkdtempSync(join(dir, name));
  mkdirSync(join(from, 'sub', 'empty'), { recursive: true });
  writeFileSync(join(from, 'run'), '#!/bin/sh\n', { mode: 0o700 });
  writeFileSync(join(from, 'sub', "it's"), 'x'.repeat(100_000), { mode: 0o600 });
  symlinkSync('run', join(from, 'link'));
  const file = { type: 'file', digest: digest('') } as const;
  const entries = [
    { type: 'symlink', path: 'link', target: 'run' },
    { ...file, path: 'run', executable: true, size: 10 },
    { type: 'directory', path: 'sub' },
    { type: 'directory', path: 'sub/empty' },
    { ...file, path: "sub/it's", executable: false, size: 100_000 },
  ] as const;
  return { from, entries, bytes: 100_010, digest: digest('') };
}

/** Sends a tree to a fresh folder and lists what stands there. */
async function sent(
  host: TestHost,
  to: Transport,
  method: SyncMethod,
  owner: string,
  group: string,
): Promise<readonly string[]> {
  const folder = `/var/tmp/sync-${method}-${owner}`;
  await host.out(`rm -rf ${folder} && mkdir -p ${folder} && chown ${owner}:${group} ${folder}`);
  const tree = sample(`${host.name}-${method}-${owner}`);
  const exit = valueIn(await to.sync({ tree, to: folder, linkFrom: null, copyFrom: null, group }, method, io));
  expect(exit).toMatchObject({ code: 0, stderr: '' });
  const listed = await host.out(
    `cd ${folder} && find . | sort | while IFS= read -r f; do stat -c '%A %U:%G %n' "$f"; done`,
  );
  return listed.split('\n');
}

const expected = (owner: string, group: string) => [
  `drwxr-xr-x ${owner}:${group} .`,
  `lrwxrwxrwx ${owner}:${group} ./link`,
  `-rwxr-xr-x ${owner}:${group} ./run`,
  `drwxr-xr-x ${owner}:${group} ./sub`,
  `drwxr-xr-x ${owner}:${group} ./sub/empty`,
  `-rw-r--r-- ${owner}:${group} ./sub/it's`,
];

describe.each(debians)('on %s', (name) => {
  it('root, passwordless sudo and sudo with a password all run as root', async () => {
    for (const user of ['root', 'deploy', 'pwsudo']) {
      await using host = await login(hosts[name], { user, password: PASSWORD });
      expect([user, await whoAmI(host), await whoAmI(host)]).toEqual([user, 'root', 'root']);
    }
  });

  it.each(['deploy', 'pwsudo'])(
    'a tree sent as %s belongs to root and the group, by rsync and by tar',
    async (user) => {
      await using host = await login(hosts[name], { user, become: 'sudo', password: PASSWORD });
      for (const method of ['rsync', 'tar'] as const) {
        expect(await sent(hosts[name], host, method, 'root', 'plainuser')).toEqual(expected('root', 'plainuser'));
      }
    },
  );

  it('rsync links an unchanged release, with sudo and a password too', async () => {
    await using host = await login(hosts[name], { user: 'pwsudo', password: PASSWORD });
    const tree = sample(`${name}-linked`);
    await hosts[name].out('rm -rf /var/tmp/one /var/tmp/two && mkdir /var/tmp/one /var/tmp/two');
    const request = { tree, copyFrom: null, group: 'plainuser' };
    expect(valueIn(await host.sync({ ...request, to: '/var/tmp/one', linkFrom: null }, 'rsync', io)).code).toBe(0);
    expect(
      valueIn(await host.sync({ ...request, to: '/var/tmp/two', linkFrom: '/var/tmp/one' }, 'rsync', io)).code,
    ).toBe(0);
    expect(await hosts[name].out('stat -c %h /var/tmp/two/run')).toBe('2');
  });

  it('without a root way the login user is used, or refused where root is demanded', async () => {
    const notes: string[] = [];
    for (const user of ['pwsudo', 'plainuser']) {
      await using host = await login(hosts[name], { user, onNote: (text) => notes.push(text) });
      expect(await whoAmI(host)).toBe(user);
      await using strict = await login(hosts[name], { user, become: 'sudo' });
      expect(failureIn(await strict.run(sh`id`, io))).toMatchObject({
        kind: 'sudo-refused',
        detail: expect.stringContaining('FLEET_BECOME_PASSWORD'),
      });
      await using none = await login(hosts[name], { user, become: 'none', password: PASSWORD });
      expect(await whoAmI(none)).toBe(user);
    }
    expect(notes.length).toBe(2);
  });

  it('a wrong password runs nothing, and is not tried again', async () => {
    await using host = await login(hosts[name], { user: 'pwsudo', password: 'wrong' });
    const script = sh`touch /var/tmp/ran`;
    expect(failureIn(await host.run(script, io))).toMatchObject({
      kind: 'sudo-refused',
      detail: expect.stringContaining('did not accept'),
    });
    const began = Date.now();
    expect(failureIn(await host.run(script, io)).kind).toBe('sudo-refused');
    expect(Date.now() - began).toBeLessThan(500);
    expect(await hosts[name].out('ls /var/tmp/ran 2>/dev/null || echo nothing ran')).toBe('nothing ran');
  });
});

/** Accounts whose login comes to nothing, each with what makes it so; `deploy`'s key opens them all. */
const ACCOUNTS: Readonly<Record<string, { readonly make: string; readonly expected: object; readonly slow?: true }>> = {
  cloudroot: {
    make: `sed -i 's/^/no-port-forwarding,command="echo Please login as the user \\\\"ubuntu\\\\" rather than the user \\\\"root\\\\".; exit 142" /' ~cloudroot/.ssh/authorized_keys`,
    expected: { cause: 'other-user', hint: 'ubuntu', status: 142 },
  },
  expired: {
    make: 'echo expired:x | chpasswd; chage -d 0 expired',
    expected: { cause: 'password-expired', said: expect.arrayContaining([expect.stringMatching(/expired/)]) },
  },
  leaver: { make: 'chage -E 1 leaver', expected: { cause: 'account-expired', status: null } },
  files: {
    make: `grep -q 'User files' /etc/ssh/sshd_config || printf 'Match User files\\n ForceCommand internal-sftp\\n' >>/etc/ssh/sshd_config`,
    expected: { cause: 'sftp-only', said: ['This service allows sftp connections only.'] },
  },
  shellless: { make: 'usermod -s /usr/sbin/nologin shellless', expected: { cause: 'no-shell', status: 1 } },
  backup2: {
    make: `sed -i 's/^/restrict,command="echo done" /' ~backup2/.ssh/authorized_keys`,
    expected: { cause: 'forced-command', hint: '/home/backup2/.ssh/authorized_keys:1', said: ['done'], status: 0 },
  },
  leaving: {
    make: 'echo "echo bye; exit" >~leaving/.bashrc',
    expected: { cause: 'ends-early', said: ['bye'], status: 0 },
  },
  falsy: { make: 'usermod -s /bin/false falsy', expected: { cause: 'ends-early', said: [], status: 1 } },
  asking: {
    make: 'echo "echo Press enter; read -r answer" >~asking/.bashrc',
    expected: { cause: 'reads-input', said: ['Press enter'], status: null },
    slow: true,
  },
  asleep: {
    make: 'echo "echo Waiting; sleep 321" >~asleep/.bashrc',
    expected: { cause: 'silent', said: ['Waiting'], status: null },
    slow: true,
  },
};

describe.each(debians)('a login on %s', (name) => {
  const tried = Object.entries(ACCOUNTS).filter(([, { slow }]) => !slow || name === 'web');

  it('that comes to nothing is told with its cause and the words of the host', { timeout: 120_000 }, async () => {
    const host = hosts[name];
    const make = tried.map(
      ([user, account]) => `useradd -m -s /bin/bash ${user}; cp -a /home/deploy/.ssh ~${user}/
        chown -R ${user}: ~${user}; ${account.make}`,
    );
    await host.out(`${make.join('\n')}\npkill -HUP -o -x sshd`);
    const found = await Promise.all(
      tried.map(async ([user]) => {
        const { port, identityFile, hostKeys } = host;
        const to = connectionTo({ port, user, identityFiles: [identityFile], hostKeys });
        const opened = await connect(to, optionsIn(dir, { retries: 2 }));
        if (!opened.ok) return [user, opened.failure];
        await using transport = opened.value;
        return [user, failureIn(await transport.run(sh`id`, { ...io, timeoutMs: 60_000 }))];
      }),
    );
    const login = (user: string) => `${user}@127.0.0.1 port ${host.port}`;
    expect(Object.fromEntries(found)).toMatchObject(
      Object.fromEntries(
        tried.map(([user, account]) => [user, { kind: 'login-unusable', login: login(user), ...account.expected }]),
      ),
    );
    expect(await host.out('pgrep -f "^sleep 321" || echo gone')).toBe('gone');
  });

  it('that /etc/nologin keeps out is told with what stands there, and works again without it', async () => {
    await hosts[name].writeFile('/etc/nologin', 'Back at noon.\n');
    const { port, identityFile, hostKeys } = hosts[name];
    const to = connectionTo({ port, user: 'plainuser', identityFiles: [identityFile], hostKeys });
    expect(failureIn(await connect(to, optionsIn(dir, { retries: 2 })))).toMatchObject({
      ...{ kind: 'login-unusable', cause: 'closed', said: ['Back at noon.'] },
    });
    // root is let in, with the same words.
    await using root = await login(hosts[name], { user: 'root' });
    expect(await whoAmI(root)).toBe('root');
    await hosts[name].out('rm /etc/nologin');
    await using host = await login(hosts[name], { user: 'plainuser', become: 'none' });
    expect(await whoAmI(host)).toBe('plainuser');
  });

  it('that needs a second factor, or takes no keys, is told with what is wanted', async () => {
    const ways = { two: 'publickey,keyboard-interactive', typed: 'keyboard-interactive' };
    const host = hosts[name];
    for (const [user, methods] of Object.entries(ways))
      await host.out(`useradd -m ${user}; cp -a /home/deploy/.ssh ~${user}/; chown -R ${user}: ~${user}
        printf 'Match User ${user}\\n KbdInteractiveAuthentication yes\\n AuthenticationMethods ${methods}\\n' >>/etc/ssh/sshd_config`);
    await host.out('pkill -HUP -o -x sshd');
    const { port, identityFile, hostKeys } = host;
    for (const [user, besides] of [['two', true] as const, ['typed', false] as const]) {
      const to = connectionTo({ port, user, identityFiles: [identityFile], hostKeys });
      // It reads its settings anew when it comes to it.
      await eventually(async () => {
        const early = await connect(to, optionsIn(dir, { retries: 2 }));
        if (early.ok) await early.value[Symbol.asyncDispose]();
        expect(early.ok).toBe(false);
      });
      expect(failureIn(await connect(to, optionsIn(dir, { retries: 2 })))).toMatchObject({
        ...{ kind: 'auth-refused', lack: { wants: ['keyboard-interactive'], besides } },
      });
    }
  });

  it('becomes root by doas where there is no sudo, or where sudo refuses and doas does not', async () => {
    const host = hosts[name];
    await host.writeFile('/etc/doas.conf', 'permit nopass plainuser as root\npermit pwsudo as root\n', 0o600);
    const refused = async (user: string) => {
      await using strict = await login(host, { user, become: 'sudo' });
      return failureIn(await strict.run(sh`id`, io));
    };
    await using second = await login(host, { user: 'plainuser', become: 'sudo' });
    expect([await whoAmI(second), await whoAmI(second)]).toEqual(['root', 'root']);
    expect(await refused('pwsudo')).toMatchObject({ kind: 'sudo-refused', by: 'sudo' });
    await host.out('mv /usr/bin/sudo /usr/bin/sudo.away');
    await using first = await login(host, { user: 'plainuser' });
    expect([await whoAmI(first), await whoAmI(first)]).toEqual(['root', 'root']);
    for (const method of ['rsync', 'tar'] as const)
      expect(await sent(host, first, method, 'root', 'plainuser')).toEqual(expected('root', 'plainuser'));
    expect(failureIn(await first.run(sh`sleep 4322`, { ...io, timeoutMs: 300 })).kind).toBe('timed-out');
    expect(await host.out('pgrep -f "^sleep 4322" || echo gone')).toBe('gone');
    expect(await refused('pwsudo')).toMatchObject({
      ...{ kind: 'sudo-refused', by: 'doas' },
      detail: expect.stringContaining('`permit nopass pwsudo as root` at the end of /etc/doas.conf'),
    });
    expect(await refused('deploy')).toMatchObject({
      ...{ kind: 'sudo-refused', by: 'doas', detail: expect.stringContaining('doas does not let deploy become root') },
    });
    await host.out('rm /etc/doas.conf; mv /usr/bin/doas /usr/bin/doas.away');
    expect(await refused('deploy')).toMatchObject({ kind: 'sudo-refused', by: 'none' });
    await using without = await login(host, { user: 'deploy' });
    expect(await whoAmI(without)).toBe('deploy');
    expect(without.noRoot()).toContain('there is no sudo on the host and no doas, and deploy is not root');
    await host.out('mv /usr/bin/sudo.away /usr/bin/sudo; mv /usr/bin/doas.away /usr/bin/doas');
  });
});

it('a cancelled command is ended on the host, also below sudo with a password', async () => {
  for (const user of ['deploy', 'pwsudo']) {
    await using host = await login(hosts.web, { user, password: PASSWORD });
    await whoAmI(host);
    const controller = new AbortController();
    const running = host.run(sh`sleep 4321`, { ...io, signal: controller.signal });
    await expect.poll(() => hosts.web.out('pgrep -f "^sleep 4321" || true')).not.toBe('');
    controller.abort();
    expect(failureIn(await running).kind).toBe('cancelled');
    expect(await hosts.web.out('pgrep -f "^sleep 4321" || echo gone')).toBe('gone');
  }
});

it('sudo that allows one try, lectures and logs still works, and the password is nowhere', async () => {
  await hosts.web.writeFile(
    '/etc/sudoers.d/strict',
    'Defaults:pwsudo passwd_tries=1, lecture=always, use_pty\n',
    0o440,
  );
  await using host = await login(hosts.web, { user: 'pwsudo', password: PASSWORD });
  const watched = hosts.web.out('for i in $(seq 60); do ps -eo args; sleep 0.02; done');
  for (let i = 0; i < 5; i += 1) expect(await whoAmI(host)).toBe('root');
  const seen = await watched;
  expect(seen).toContain('sudo -S');
  expect(seen).not.toContain(PASSWORD);
  expect(
    await hosts.web.out(`grep -rl '${PASSWORD}' /var/log /tmp /var/tmp /root /home /run 2>/dev/null || echo nowhere`),
  ).toBe('nowhere');
  await using wrong = await login(hosts.web, { user: 'pwsudo', password: 'wrong' });
  expect(failureIn(await wrong.run(sh`id`, io)).kind).toBe('sudo-refused');
  await hosts.web.out('rm /etc/sudoers.d/strict');
});

it('sudo that insists on a terminal is explained', async () => {
  await hosts.web.writeFile('/etc/sudoers.d/strict', 'Defaults:deploy requiretty\n', 0o440);
  await using host = await login(hosts.web, { user: 'deploy', become: 'sudo' });
  expect(failureIn(await host.run(sh`id`, io))).toMatchObject({
    kind: 'sudo-refused',
    detail: expect.stringContaining('requiretty'),
  });
  await hosts.web.out('rm /etc/sudoers.d/strict');
});

it('noise of login scripts harms neither commands nor rsync', async () => {
  await hosts.web.out(
    'cp /home/deploy/.bashrc /var/tmp/bashrc; printf "echo noise; printf more\\n" > /home/deploy/.bashrc',
  );
  await using host = await login(hosts.web, { user: 'deploy' });
  expect(await whoAmI(host)).toBe('root');
  expect(await sent(hosts.web, host, 'rsync', 'root', 'plainuser')).toEqual(expected('root', 'plainuser'));
  await hosts.web.out('mv /var/tmp/bashrc /home/deploy/.bashrc');
});

describe('busybox and dropbear', () => {
  it('runs many commands, one after the other and at once', async () => {
    await using host = await login(hosts.tiny, { user: 'root' });
    for (let i = 0; i < 30; i += 1) expect(await whoAmI(host)).toBe('root');
    const results = await Promise.all(Array.from({ length: 12 }, (_, i) => host.run(sh`echo ${i}`, io)));
    expect(results.map((result) => valueIn(result).stdout.trim())).toEqual(
      Array.from({ length: 12 }, (_, i) => String(i)),
    );
  });

  it('takes trees by tar and bundles with exact modes', async () => {
    await using host = await login(hosts.tiny, { user: 'root' });
    expect(await sent(hosts.tiny, host, 'tar', 'root', 'plainuser')).toEqual(expected('root', 'plainuser'));
    await hosts.tiny.out('mkdir -p /var/tmp/bundle');
    const files = [
      { path: 'env', content: new Secret('T', 'abc'), mode: 0o600 },
      { path: 'units/a', content: 'a', mode: 0o644 },
      { path: 'x', content: 'x', mode: 0o755 },
    ];
    expect(valueIn(await host.unpack(files, '/var/tmp/bundle', io))).toEqual({ code: 0, stdout: '', stderr: '' });
    const listed = await hosts.tiny.out("cd /var/tmp/bundle && stat -c '%a %U:%G %n' env units units/a x");
    expect(listed.split('\n')).toEqual([
      '600 root:root env',
      '700 root:root units',
      '644 root:root units/a',
      '755 root:root x',
    ]);
  });

  it('takes long names and names beyond ASCII by tar, and an empty tree', async () => {
    await using host = await login(hosts.tiny, { user: 'root' });
    const from = mkdtempSync(join(dir, 'names'));
    const names = ['plain', 'n'.repeat(200), 'größe', `${'d'.repeat(120)}/é`];
    mkdirSync(join(from, 'd'.repeat(120)));
    for (const name of names) writeFileSync(join(from, name), 'x');
    const target = `${'far/'.repeat(40)}é`;
    const entries = [
      { type: 'directory', path: 'd'.repeat(120) } as const,
      ...names.map((path) => ({ type: 'file', path, executable: false, size: 1, digest: digest('') }) as const),
      { type: 'symlink', path: 'link', target } as const,
    ];
    await hosts.tiny.out('mkdir -p /var/tmp/names /var/tmp/empty');
    const request = { linkFrom: null, copyFrom: null, group: 'root' };
    const tree = { from, entries, bytes: names.length, digest: digest('') };
    expect(valueIn(await host.sync({ ...request, tree, to: '/var/tmp/names' }, 'tar', io))).toMatchObject({
      code: 0,
      stderr: '',
    });
    expect((await hosts.tiny.out('cd /var/tmp/names && find . -type f')).split('\n').sort()).toEqual(
      names.map((name) => `./${name}`).sort(),
    );
    expect(await hosts.tiny.out('readlink /var/tmp/names/link')).toBe(target);
    const empty = { from, entries: [], bytes: 0, digest: digest('') };
    expect(valueIn(await host.sync({ ...request, tree: empty, to: '/var/tmp/empty' }, 'tar', io))).toMatchObject({
      code: 0,
      stderr: '',
    });
  });

  it('says so when rsync is missing there', async () => {
    await using host = await login(hosts.tiny, { user: 'root' });
    await hosts.tiny.out('mkdir -p /var/tmp/none');
    const request = { tree: sample('no-rsync'), to: '/var/tmp/none', linkFrom: null, copyFrom: null, group: 'root' };
    const exit = valueIn(await host.sync(request, 'rsync', io));
    expect(exit.code).toBe(127);
    expect(exit.stderr).toContain('rsync');
  });

  it('a login without sudo works as itself, or is refused where root is demanded', async () => {
    await using host = await login(hosts.tiny, { user: 'deploy' });
    expect(await whoAmI(host)).toBe('deploy');
    expect(await sent(hosts.tiny, host, 'tar', 'deploy', 'deploy')).toEqual(expected('deploy', 'deploy'));
    await using strict = await login(hosts.tiny, { user: 'deploy', become: 'sudo' });
    expect(failureIn(await strict.run(sh`id`, io))).toMatchObject({
      kind: 'sudo-refused',
      detail: expect.stringContaining('no sudo'),
    });
  });

  it('a command that is cancelled leaves the connection usable', async () => {
    await using host = await login(hosts.tiny, { user: 'root' });
    const result = await host.run(sh`sleep 4321`, { ...io, timeoutMs: 300 });
    expect(failureIn(result).kind).toBe('timed-out');
    expect(await whoAmI(host)).toBe('root');
    expect(await hosts.tiny.out('pgrep -f "^sleep 4321" || echo gone')).toBe('gone');
  });
});

it('a host that freezes is given up by keepalive', async () => {
  await using host = await login(hosts.fresh, { user: 'root', keepaliveMs: 300 });
  await whoAmI(host);
  await hosts.fresh.pause();
  const began = Date.now();
  expect(failureIn(await host.run(sh`true`, io)).kind).toBe('connection-lost');
  expect(Date.now() - began).toBeLessThan(5000);
  await hosts.fresh.unpause();
});
