import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, parseRun } from './fleet.ts';
import { little, standing, wholeOf } from './little.ts';
import { type Hosts, startHosts, tcpProxy } from './rig/index.ts';
import { eventually } from './samples.ts';

const KINDS = { web: 'systemd', edge: 'plain' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
  // rsync leaves word of who it ran as, and waits while a test asks it to.
  const spy =
    '#!/bin/sh\nid -un >>/tmp/senders\nwhile [ -e /tmp/wait ]; do sleep 0.1; done\nexec /usr/bin/rsync.real "$@"\n';
  for (const host of [hosts.web, hosts.edge]) {
    await host.out('mv /usr/bin/rsync /usr/bin/rsync.real; : >/tmp/senders; chmod 666 /tmp/senders');
    await host.writeFile('/usr/bin/rsync', spy, 0o755);
  }
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

/** Who sent code since the last time this was asked. */
const senders = async (name: keyof typeof KINDS) =>
  (await hosts[name].out('cat /tmp/senders; : >/tmp/senders')).split('\n').filter(Boolean);

/** What of a release is not root's with the service account's group, or can be written by the account that sent it. */
const foreign = (name: keyof typeof KINDS, root: string, group: string) =>
  hosts[name].out(
    `find ${root}/releases/* ! -user root -o ! -group ${group}
    su -s /bin/sh deploy -c 'find ${root}/releases ! -type l -writable; touch ${root}/releases/2/planted 2>&1'; true`,
  );

describe.concurrent.each(['web', 'edge'] as const)('on %s', (name) => {
  const app = little(`sent-${name}`, [name], { user: 'plainuser' });
  const tasks = [
    { sync: { from: 'app' } },
    { run: { command: ['sh', '-c', 'id -un >built-by'], creates: 'built-by' } },
    { units: { from: 'units', enable: [app.unit] } },
  ];

  it('uploadUser sends the code and keeps nothing; without it root sends; a no-op is one connection', async () => {
    const host = hosts[name];
    await using proxy = await tcpProxy(host);
    const over = (fields: object) => ({ host, fields: { port: proxy.port, ...fields } });
    await using project = await fleetProject({ ...app.parts, hosts: { [name]: over({ uploadUser: 'deploy' }) } });
    project.playbook(app.playbook([name], { user: 'plainuser', tasks }));

    const plan = await project.human('plan', '--all');
    expect(plan.stdout + plan.stderr).toContain('code goes over a login as deploy, all the rest over root');
    const first = await project.fleet('deploy', '--all');
    expect({ code: first.code, ...only(first) }).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(await senders(name)).toEqual(['deploy']);

    // A build writes in the release after its code came, so it has to be taken from one account and given to another.
    project.write('app/VERSION', 'two\n');
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed' });
    expect(await standing(host, app)).toEqual(['releases/2', 'two', 'IDLE']);
    expect(await senders(name)).toEqual(['deploy']);
    expect(await host.out(`cat ${app.root}/releases/2/built-by`)).toBe('plainuser');
    expect(await foreign(name, app.root, 'plainuser')).toMatch(/^touch: .*Permission denied$/);

    const before = proxy.connections;
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'unchanged' });
    expect(proxy.connections - before).toBe(1);
    expect(await senders(name)).toEqual([]);

    await using plain = await fleetProject({ ...app.parts, hosts: { [name]: over({}) } });
    plain.playbook(app.playbook([name], { user: 'plainuser', tasks }));
    plain.write('app/VERSION', 'three\n');
    // So much of it that rsync is worth its while.
    plain.write('app/much', 'much'.repeat(5 << 18));
    expect(only(await plain.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed' });
    expect(await senders(name)).toEqual(['root']);
  });
});

describe('uploadUser', () => {
  const app = little('coded', ['edge']);
  const over = (fields: object) =>
    fleetProject({ ...app.parts, hosts: { edge: { host: hosts.edge, fields: { uploadUser: 'deploy', ...fields } } } });

  it('that cannot log in, that is missing or that has no shell leaves the host untouched and names both cures', async () => {
    await hosts.edge.out(`useradd --create-home keyless; useradd --create-home --shell /usr/sbin/nologin shellless
      cp -a /home/deploy/.ssh /home/shellless/ && chown -R shellless /home/shellless/.ssh`);
    const before = await wholeOf(hosts.edge, app);
    for (const uploadUser of ['keyless', 'nobody-yet', 'shellless']) {
      await using project = await over({ uploadUser });
      const { code, stdout } = await project.human('deploy', '--all');
      expect(code).toBe(3);
      expect(stdout).toContain('edge: untouched: nothing was changed on this host');
      const words = stdout.replace(/\s+/g, ' ');
      expect(words).toContain(`the code could not be sent as ${uploadUser} (uploadUser)`);
      expect(words).toContain(
        uploadUser === 'shellless' ? 'shellless has no shell that runs commands' : `${uploadUser}@127.0.0.1 port`,
      );
      expect(words).toContain(`give ${uploadUser} an authorized key there`);
      expect(words).toContain(
        'Or leave `uploadUser` out of the inventory: root then sends the code, which is as safe.',
      );
    }
    expect(await wholeOf(hosts.edge, app)).toEqual(before);
  });

  it('needs root over user, and says so before anything is begun', async () => {
    await using project = await over({ user: 'plainuser' });
    project.playbook(
      app.playbook(['edge'], { root: '/home/plainuser/coded', tasks: [{ sync: { from: 'app' } }], health: [] }),
    );
    const run = await project.fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 3, outcome: 'untouched' });
    expect(only(run).failure?.message).toContain('root over `user`');
    expect(await hosts.edge.out('ls -A /home/plainuser')).not.toContain('coded');
  });

  it.each(['Ctrl-C', 'the end of that login'])('cut short by %s leaves nothing of the release', async (cause) => {
    await using project = await over({});
    const before = await wholeOf(hosts.edge, app);
    await hosts.edge.out('touch /tmp/wait');
    const running = project.start(['deploy', '--all', '--json']);
    await eventually(async () => expect(await hosts.edge.out('cat /tmp/senders')).toBe('deploy'));
    expect(await hosts.edge.out(`stat -c %U ${app.root}/releases/1`)).toBe('deploy');
    if (cause === 'Ctrl-C') running.child.kill('SIGINT');
    else await hosts.edge.out('pkill -KILL -u deploy -f ^sshd');
    const run = parseRun(await running.ended);
    await hosts.edge.out('rm /tmp/wait; : >/tmp/senders');
    expect({ code: run.code, ...only(run) }).toMatchObject(
      cause === 'Ctrl-C'
        ? { code: 130, outcome: 'reverted', failure: { kind: 'cancelled' } }
        : { code: 1, outcome: 'reverted', failure: { kind: 'connection-lost' } },
    );
    // A sender that outlives its login finds nothing left to write in.
    await eventually(async () => expect((await hosts.edge.sh('pgrep -u deploy rsync')).stdout).toBe(''));
    expect(await wholeOf(hosts.edge, app)).toEqual(before);
  });
});
