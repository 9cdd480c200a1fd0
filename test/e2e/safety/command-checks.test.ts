// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the shell writes its variables like this
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from '../fleet.ts';
import { little } from '../little.ts';
import { drawn, type Hosts, startHosts } from '../rig/index.ts';
import { story } from '../story.ts';

const KINDS = { web: 'systemd', edge: 'plain', box: 'busybox' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

describe.each(drawn('web', 'edge', 'box'))('a command check on %s', (name) => {
  const step = story();
  const app = little(`asked-${name}`, [name]);
  const host = () => hosts[name];
  const { root } = app;
  const USER = 'plainuser';
  const tasks = [{ env: { from: 'secrets/app.env' } }, ...app.playbook([name]).tasks];
  let project: Project;

  /** Deploys with these checks besides; what is asked differs with each, so that there is something to deploy. */
  let turn = 0;
  const deploy = async (health: readonly object[], changes: object = {}) => {
    turn += 1;
    project.write('app/VERSION', `${turn}\n`);
    project.playbook(app.playbook([name], { user: USER, data: ['data'], tasks, health, ...changes }));
    return only(await project.fleet('deploy', '--all'));
  };
  const detail = async (check: object, more: string[] = []) => {
    project.playbook(app.playbook([name], { user: USER, data: ['data'], tasks, health: [{ command: check }] }));
    const run = await project.fleet('health', '--all', ...more);
    const found = run.events.filter((event) => event.type === 'check').map((event) => event.result);
    return (found as { check: string; ok: boolean; detail: string }[]).find((one) => one.check.startsWith('command'));
  };

  beforeAll(async () => {
    project = await fleetProject({ ...app.parts, hosts: { [name]: host() }, env: { WORD: 'env5' } });
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  step('runs as the service user, in the release, with the env of the service and nothing else', async () => {
    const tell = 'echo "$(id -un)|$(pwd)|$WORD|$HOME|${SSH_CONNECTION-}${SYSTEMD_COLORS-}${LC_ALL-}|$(id -Gn)"';
    expect(await deploy([{ command: ['sh', '-c', tell] }])).toMatchObject({ outcome: 'deployed', failure: null });
    expect(await detail(['sh', '-c', tell])).toMatchObject({
      ok: true,
      detail: `${USER}|${root}/current|env5|/home/${USER}||${USER}`,
    });
  });

  step('has not what only root has, unless it says as: root', async () => {
    const shadow = ['test', '-r', '/etc/shadow'];
    expect(await detail(shadow)).toMatchObject({ ok: false, detail: 'exit 1' });
    expect(await detail({ command: shadow, as: 'root' })).toMatchObject({ ok: true });
    // The app's settings would be the app's say in what root runs.
    expect(await detail({ command: ['sh', '-c', 'echo "$(id -u):${WORD-none}"'], as: 'root' })).toMatchObject({
      detail: '0:none',
    });
  });

  step('is never root where the app could have put the program there', async () => {
    await host().out(`mkdir -p ${root}/data/bin /srv/shared-${name}; chmod 777 /srv/shared-${name}
      printf '#!/bin/sh\\nid -u\\n' >${root}/data/bin/ask; chmod 755 ${root}/data/bin/ask
      cp ${root}/data/bin/ask /srv/shared-${name}/ask; cp ${root}/data/bin/ask /usr/sbin/ask-${name}
      ln -sfn ${root}/data/bin/ask /usr/sbin/link-${name}; chown -R ${USER} ${root}/data/bin`);
    const asRoot = (...command: string[]) => detail({ command, as: 'root' });
    expect(await asRoot(`/usr/sbin/ask-${name}`)).toMatchObject({ ok: true, detail: '0' });
    expect(await asRoot(`ask-${name}`)).toMatchObject({ ok: true, detail: '0' });
    const refused = { ok: false, detail: expect.stringMatching(/^exit 126: not run as root: /) };
    expect(await asRoot(`link-${name}`)).toMatchObject(refused);
    expect(await asRoot('sh', '-c', `exec /usr/sbin/link-${name}`)).toMatchObject(refused);
    expect(await asRoot(`/srv/shared-${name}/ask`)).toMatchObject(refused);
    // As the service user there is nothing to refuse.
    expect(await detail([`link-${name}`])).toMatchObject({ ok: true, detail: await host().out(`id -u ${USER}`) });
  });

  step('that can be seen to be so is an error before any host is contacted', async () => {
    const wrong = { command: ['sh', `${root}/current/serve.sh`], as: 'root' };
    project.playbook(app.playbook([name], { user: USER, health: [{ command: wrong }] }));
    const check = await project.human('check');
    expect(check.code).toBe(2);
    expect(check.stderr + check.stdout).toContain(
      `root must not run this command: ${root}/current/serve.sh lies in the folder of the app`,
    );
    project.playbook(app.playbook([name], { user: USER, health: [{ command: { ...wrong, as: 'user' } }] }));
    expect((await project.human('check')).code).toBe(0);
  });

  step('that hangs is ended on the host, with what it started', async () => {
    const sleepy = { command: ['sh', '-c', `sleep 7${turn}77; true`], timeout: '1s' };
    expect(await detail(sleepy)).toMatchObject({ ok: false, detail: 'no end within 1s' });
    for (let tries = 0; tries < 50; tries += 1) {
      if ((await host().sh(`pgrep -f '[s]leep 7${turn}77'`)).code !== 0) return;
      await new Promise((done) => setTimeout(done, 200));
    }
    throw new Error('the command is still there');
  });

  step('of an older fleet goes on as root, and not where the app could have had a hand in it', async () => {
    expect(await deploy([{ command: ['true'] }])).toMatchObject({ outcome: 'deployed', generation: 2 });
    const record = `/var/lib/fleet/${app.name}/generations`;
    expect(await host().out(`cat ${record}/2/checks`)).toBe(
      '{"command":{"command":["true"],"timeout":"10s","as":"user"}}',
    );
    const old = [
      { command: ['test', '-r', '/etc/shadow'] },
      { command: { command: ['sh', '-c', `${root}/data/bin/ask >${root}/data/asked`], timeout: '5s', retryFor: '1s' } },
    ];
    await host().writeFile(`${record}/1/checks`, old.map((check) => `${JSON.stringify(check)}\n`).join(''), 0o600);
    await host().out(`chmod 777 ${root}/data`);
    expect(only(await project.fleet('rollback', '--all'))).toMatchObject({ outcome: 'rolled-back', generation: 1 });
    expect(await host().out(`cat ${root}/data/asked`)).toBe(await host().out(`id -u ${USER}`));
  });
});

describe.each(drawn('web', 'edge', 'box'))('a command among the preconditions on %s', (name) => {
  const step = story();
  const app = little(`first-${name}`, [name]);

  step('runs as nobody before the account is there, and as the account afterwards', async () => {
    const host = hosts[name];
    await using project = await fleetProject({ ...app.parts, hosts: { [name]: host } });
    const tell = { command: ['sh', '-c', 'id -u; exit 3'] };
    project.playbook(app.playbook([name], { user: 'later', preconditions: [tell] }));
    const asked = async () => JSON.stringify((await project.fleet('plan', '--all')).events);
    // This busybox has no such account, and so root asks; but only what is root's alone.
    expect(await asked()).toContain(`does not hold: exit 3: ${name === 'box' ? '0' : '65534'}`);
    await host.out('cp /bin/busybox /home/plainuser/true 2>/dev/null || cp /bin/true /home/plainuser/true');
    project.playbook(app.playbook([name], { user: 'later', preconditions: [{ command: ['/home/plainuser/true'] }] }));
    if (name === 'box') expect(await asked()).toContain('not run as root: /home/plainuser/true can be replaced');
    else expect(await asked()).not.toContain('not run as root');
    project.playbook(app.playbook([name], { user: 'later', preconditions: [tell] }));
    await host.out('echo later:x:4321:4321::/:/bin/sh >>/etc/passwd; echo later:x:4321: >>/etc/group');
    expect(await asked()).toContain('does not hold: exit 3: 4321');
  });
});
