import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from '../fleet.ts';
import { type Little, little } from '../little.ts';
import { drawn, type Hosts, startHosts, type TestHost } from '../rig/index.ts';

const KINDS = { web: 'systemd', edge: 'plain' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const on = (host: TestHost, name: string, app: Little) => fleetProject({ ...app.parts, hosts: { [name]: host } });
const run = async (project: Project, ...args: string[]) => {
  const ended = await project.fleet(...args, '--all');
  return { code: ended.code, ...only(ended), said: JSON.stringify(ended.events) };
};

describe.each(drawn('web', 'edge'))('two apps on %s', (name) => {
  const host = () => hosts[name];
  const FILE = `/etc/shared-${name}.conf`;
  const first = little(`first-${name}`, [name]);
  const second = little(`second-${name}`, [name]);
  const shaped = (app: Little, changes: object = {}, more: readonly object[] = []) =>
    app.playbook([name], { tasks: [...app.playbook([name]).tasks, ...more], ...changes });
  let one: Project;
  let two: Project;
  const state = async () =>
    host().manifest(
      [first.root, second.root, '/etc/systemd/system', '/var/lib/fleet', FILE, '/etc/passwd'],
      [/\/serving$/, /\/lock$/, /\/run\//],
    );

  beforeAll(async () => {
    one = await on(host(), name, first);
    two = await on(host(), name, second);
    one.playbook(shaped(first, { user: 'plainuser' }, [{ files: [{ content: 'x\n', to: FILE }] }]));
    expect(await run(one, 'deploy')).toMatchObject({ outcome: 'deployed', failure: null });
  });
  afterAll(async () => {
    await one?.[Symbol.asyncDispose]();
    await two?.[Symbol.asyncDispose]();
  });

  it.each<[string, () => object, RegExp]>([
    [
      'its file',
      () => shaped(second, {}, [{ files: [{ content: 'y\n', to: FILE }] }]),
      /shared-\w+\.conf is that of the app first/,
    ],
    [
      'its root',
      () => shaped(second, { root: `/opt/first-${name}` }),
      /root .* is that of the app first-\w+ \(generation 1/,
    ],
    ['a root in its root', () => shaped(second, { root: `/opt/first-${name}/data` }), /lies in .* of the app first/],
  ])('%s is refused at plan and at deploy, and the host stays as it is', async (_what, playbook, words) => {
    const before = await state();
    two.playbook(playbook());
    for (const command of ['plan', 'deploy']) {
      const ended = await run(two, command);
      expect(ended).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'taken' } });
      expect(ended.failure?.message).toMatch(words);
    }
    expect(await state()).toEqual(before);
  });

  it('a unit of the other is refused with systemd, and warned of where each app has its own', async () => {
    const before = await state();
    two.playbook(
      shaped(second, { tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: [first.unit] } }] }),
    );
    two.write(`units/${first.unit}`, `[Service]\nExecStart=/bin/sh ${second.root}/current/serve.sh\n`);
    const planned = await run(two, 'plan');
    if (name === 'web')
      expect(planned.failure?.message).toMatch(/the unit first-web\.service is that of the app first-web/);
    else expect(planned.said).toContain('with systemd one of the two would have to be renamed');
    if (name === 'web') expect(await run(two, 'deploy')).toMatchObject({ code: 3, failure: { kind: 'taken' } });
    two.remove(`units/${first.unit}`);
    expect(await state()).toEqual(before);
  });

  it('and what is its own goes beside it, with a word about an account of both', async () => {
    two.playbook(shaped(second, { user: 'plainuser' }));
    expect((await run(two, 'plan')).said).toContain(`the account plainuser is also that of the app first-${name}`);
    expect(await run(two, 'deploy')).toMatchObject({ outcome: 'deployed', failure: null });
    // Each of them goes on knowing only itself.
    expect(await run(one, 'plan')).toMatchObject({ code: 0 });
    expect(await run(one, 'health')).toMatchObject({ code: 0, outcome: 'healthy' });
    expect(await run(two, 'rollback', '--full', '--yes')).toMatchObject({ outcome: 'removed' });
    expect(await run(one, 'health')).toMatchObject({ code: 0, outcome: 'healthy' });
  });

  it('a rename is refused with the way to do it, and that way works', async () => {
    const renamed = little(`renamed-${name}`, [name]);
    await using project = await on(host(), name, renamed);
    const playbook = { ...shaped(renamed), root: first.root, user: 'plainuser', data: ['data'] };
    project.playbook(playbook);
    one.playbook(shaped(first, { user: 'plainuser', data: ['data'] }));
    expect(await run(one, 'deploy')).toMatchObject({ outcome: 'deployed' });
    await host().out(`echo kept >${first.root}/data/kept`);
    const refused = await run(project, 'deploy');
    expect(refused).toMatchObject({ code: 3, failure: { kind: 'taken' } });
    expect(refused.failure?.next.join(' ')).toMatch(/name: first-\w+ .*`fleet rollback --full --keep-data`/);
    expect(await run(one, 'rollback', '--full', '--keep-data')).toMatchObject({ outcome: 'removed' });
    project.write(
      `units/${renamed.unit}`,
      `[Service]\nWorkingDirectory=${first.root}/current\nExecStart=/bin/sh serve.sh\n[Install]\nWantedBy=multi-user.target\n`,
    );
    expect(await run(project, 'deploy')).toMatchObject({ outcome: 'deployed', failure: null });
    expect(await host().out(`cat ${first.root}/data/kept`)).toBe('kept');
    expect(await run(project, 'rollback', '--full', '--yes')).toMatchObject({ outcome: 'removed' });
  });
});

describe.each(drawn('web', 'edge'))('an account of two apps on %s', (name) => {
  it('stays with its home as long as one of them is there, and goes with the last', async () => {
    const host = hosts[name];
    const owner = little(`owner-${name}`, [name]);
    const guest = little(`guest-${name}`, [name]);
    const account = `both${name}`;
    await using one = await on(host, name, owner);
    await using two = await on(host, name, guest);
    const shaped = (app: Little) =>
      app.playbook([name], {
        user: account,
        data: ['data'],
        tasks: [{ user: { name: account } }, ...app.playbook([name]).tasks],
      });
    one.playbook(shaped(owner));
    two.playbook(shaped(guest));
    expect(await run(one, 'deploy')).toMatchObject({ outcome: 'deployed', failure: null });
    expect(await run(two, 'deploy')).toMatchObject({ outcome: 'deployed', failure: null });
    const refused = await one.human('rollback', '--full', '--all');
    expect(refused.stderr).toContain(`${owner.root}/data`);
    expect(refused.stderr).not.toContain(`the account ${account}`);

    const removed = await run(one, 'rollback', '--full', '--yes');
    expect(removed).toMatchObject({ outcome: 'removed' });
    expect(removed.said).toContain(`left as it is: the account ${account}: the app ${guest.name} of this host uses it`);
    // Its home was the root of the app that is gone.
    expect(await host.out(`getent passwd ${account} | cut -d: -f6`)).toBe(owner.root);
    expect(await host.out(`stat -c %F ${owner.root}`)).toBe('directory');
    expect(await run(two, 'health')).toMatchObject({ outcome: 'healthy' });
    two.write('app/VERSION', 'two\n');
    expect(await run(two, 'deploy')).toMatchObject({ outcome: 'deployed', failure: null });

    expect((await two.human('rollback', '--full', '--all')).stderr).toContain(`the account ${account}`);
    expect(await run(two, 'rollback', '--full', '--yes')).toMatchObject({ outcome: 'removed' });
    expect((await host.sh(`getent passwd ${account}`)).code).not.toBe(0);
    expect((await host.sh(`ls -d /var/lib/fleet/${owner.name} /var/lib/fleet/${guest.name}`)).stdout).toBe('');
  });
});

describe('health', () => {
  it('of an app whose unit another app has taken is not that of the other app', async () => {
    const host = hosts.web;
    const old = little('old-app', ['web']);
    const thief = little('thief', ['web']);
    await using one = await on(host, 'web', old);
    await using two = await on(host, 'web', thief);
    expect(await run(one, 'deploy')).toMatchObject({ outcome: 'deployed' });
    expect(await run(two, 'deploy')).toMatchObject({ outcome: 'deployed' });
    expect(await run(one, 'health')).toMatchObject({ code: 0 });
    // As an older fleet would have left it: the other app has a unit of the same name, and it is that one which runs.
    await host.out(`cd /var/lib/fleet/thief/generations/1/units && sed 's/old-app/thief/g' /etc/systemd/system/old-app.service >old-app.service
      cp old-app.service /etc/systemd/system/ && systemctl daemon-reload && systemctl restart old-app.service && sleep 1`);
    expect(await host.out('systemctl is-active old-app.service')).toBe('active');
    const ended = await one.fleet('health', '--all');
    expect(ended.code).toBe(1);
    const words = JSON.stringify(ended.events);
    expect(words).toContain('its unit file is that of the app thief of this host by now');
    expect(words).toContain('it is a unit of the app thief of this host by now');
    expect(await run(two, 'health')).toMatchObject({ code: 0 });
  });
});

describe('two apps that commit at once without systemd', () => {
  it('both start at boot; without the lock one of them would not', async () => {
    const host = hosts.edge;
    // Between reading what both share and writing it is time for the other.
    await host.out(`crontab -r; mv /usr/bin/crontab /usr/bin/crontab.real
      printf '#!/bin/sh\\ncase $1 in -l) crontab.real -l; sleep 2 ;; *) exec crontab.real "$@" ;; esac\\n' >/usr/bin/crontab
      chmod 755 /usr/bin/crontab`);
    const apps = ['boot-a', 'boot-b'].map((app) => little(app, ['edge']));
    const projects = await Promise.all(apps.map((app) => on(host, 'edge', app)));
    const both = async (...args: string[]) => {
      for (const ended of await Promise.all(projects.map((project) => run(project, ...args))))
        expect(ended).toMatchObject({ code: 0 });
    };
    const lines = () => host.out("crontab.real -l | grep -o '# fleet:.*' | sort");
    await both('deploy');
    expect(await lines()).toBe('# fleet:boot-a\n# fleet:boot-b');
    // Going is the same, and leaves a stranger's line.
    await host.out("(crontab.real -l; echo '0 0 1 1 * true # mine') | crontab.real -");
    await both('rollback', '--full', '--yes');
    expect(await host.out('crontab.real -l')).toBe('0 0 1 1 * true # mine');

    await host.out(
      "mv /usr/bin/flock /usr/bin/flock.real; printf '#!/bin/sh\\nexit 0\\n' >/usr/bin/flock; chmod 755 /usr/bin/flock",
    );
    await both('deploy');
    expect((await lines()).split('\n')).toHaveLength(1);
    await host.out('mv /usr/bin/flock.real /usr/bin/flock; mv /usr/bin/crontab.real /usr/bin/crontab');
    for (const project of projects) await project[Symbol.asyncDispose]();
  });
});
