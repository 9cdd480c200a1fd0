import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { throughHost } from './jump.ts';
import { little, standing, wholeOf } from './little.ts';
import { type Hosts, startHosts, type TestHost } from './rig/index.ts';

let hosts: Hosts<{ near: 'plain'; far: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ near: 'plain', far: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const unpinned = { hostKey: undefined };
const app = little('little', ['near']);
const projectOn = (host: TestHost, fields: Record<string, unknown>) =>
  fleetProject({ ...app.parts, hosts: { near: { host, fields } } });

/** What both ways of asking say about a deploy that has to leave the host alone. */
async function refused(project: Project, host: TestHost) {
  const before = await wholeOf(host, app);
  const run = await project.fleet('deploy', '--all');
  const human = await project.human('deploy', '--all');
  expect(await wholeOf(host, app)).toEqual(before);
  expect({ code: run.code, ...only(run) }).toMatchObject({ code: 3, outcome: 'untouched', generation: null });
  expect(human.code).toBe(3);
  expect(human.stdout).toContain('near: untouched: nothing was changed on this host');
  return { failure: only(run).failure, human: human.stdout };
}

const knownHostsOf = (project: Project) => join(project.home, '.ssh', 'known_hosts');
function trusting(project: Project, lines: string): void {
  mkdirSync(join(project.home, '.ssh'), { recursive: true });
  writeFileSync(knownHostsOf(project), lines);
}

describe('a host key', () => {
  it('that is not known is shown with its fingerprint, how to compare it and how to accept it', async () => {
    await using project = await projectOn(hosts.near, unpinned);
    const { failure, human } = await refused(project, hosts.near);
    expect(failure?.kind).toBe('host-key-unknown');
    const [, fingerprint] = (await hosts.near.out('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub')).split(' ');
    expect(human).toContain(`the key of this host is not known yet (ssh-ed25519 ${fingerprint})`);
    expect(human).toContain('ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub');
    expect(human).toContain('`--accept-new`');
  });

  it('that is accepted with --accept-new is remembered, so that the next run needs no flag', async () => {
    await using project = await projectOn(hosts.near, unpinned);
    const first = await project.fleet('deploy', '--all', '--accept-new');
    expect({ code: first.code, ...only(first) }).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(first.stderr).toContain(`trusted [127.0.0.1]:${hosts.near.port} on first use: ssh-ed25519 SHA256:`);
    const remembered = readFileSync(knownHostsOf(project), 'utf8').trim().split('\n');
    expect(remembered).toHaveLength(1);
    expect(hosts.near.knownHosts).toContain(remembered[0]);
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'unchanged' });
    expect(await standing(hosts.near, app)).toEqual(['releases/1', 'one', 'IDLE']);
  });

  it('that has changed is refused, with or without --accept-new, and the message says where the old one is', async () => {
    await using project = await projectOn(hosts.near, unpinned);
    const name = `[127.0.0.1]:${hosts.near.port}`;
    trusting(project, hosts.far.hostKeys.map((key) => `${name} ${key}\n`).join(''));
    const before = readFileSync(knownHostsOf(project), 'utf8');
    const { failure, human } = await refused(project, hosts.near);
    expect(failure?.kind).toBe('host-key-changed');
    expect(human).toContain('THE KEY OF THIS HOST HAS CHANGED');
    expect(human).toContain(`${knownHostsOf(project)}:`);
    expect(human).toContain('Nothing was sent to it: no command, no password, no secret.');
    expect(human).toContain('ssh-keygen -R');
    const accepting = await project.fleet('deploy', '--all', '--accept-new');
    expect({ code: accepting.code, ...only(accepting) }).toMatchObject({
      code: 3,
      failure: { kind: 'host-key-changed' },
    });
    expect(readFileSync(knownHostsOf(project), 'utf8')).toBe(before);
  });
});

describe('a login', () => {
  let keys: string;
  beforeAll(() => {
    keys = mkdtempSync(join(tmpdir(), 'fleet-keys-'));
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(keys, 'stranger')]);
  });
  afterAll(() => rmSync(keys, { recursive: true }));

  it('with a key that the host does not know says which keys were tried and how to put one there', async () => {
    const identityFile = join(keys, 'stranger');
    await using project = await projectOn(hosts.near, { identityFile });
    const { failure, human } = await refused(project, hosts.near);
    expect(failure?.kind).toBe('auth-refused');
    expect(human).toContain(`root@127.0.0.1 port ${hosts.near.port} refused the login`);
    expect(human).toContain(identityFile);
    expect(human).toContain('Check `user:` and `identityFile:` in the inventory');
    expect(human).toContain('ssh-copy-id');
  });
});

describe('a login that comes to nothing', () => {
  it('says the cause, the words of the host and the cure', async () => {
    const words = 'Please login as the user \\"ubuntu\\" rather than the user \\"root\\".';
    await hosts.near.out(`useradd -m cloudy; cp -a /home/deploy/.ssh ~cloudy/; chown -R cloudy: ~cloudy`);
    const key = (await hosts.near.out('cat ~cloudy/.ssh/authorized_keys')).replaceAll('\n', '');
    await hosts.near.writeFile('/home/cloudy/.ssh/authorized_keys', `command="echo '${words}'; exit 142" ${key}\n`);
    await using project = await projectOn(hosts.near, { user: 'cloudy' });
    const { failure, human } = await refused(project, hosts.near);
    expect(failure).toMatchObject({ kind: 'login-unusable', cause: 'other-user', hint: 'ubuntu' });
    expect(human.replace(/\s+/g, ' ')).toContain('lets cloudy do nothing: it wants the login to be ubuntu');
    expect(human).toContain('Please login as the user "ubuntu" rather than the user "root".');
    expect(human).toContain('Set `user: ubuntu` for this host in the inventory');
  });
});

describe('forwarding that is forbidden', () => {
  const asked = little('asked', ['near']);
  const login = { user: 'deploy' };
  const projectOf = () => fleetProject({ ...asked.parts, hosts: { near: { host: hosts.near, fields: login } } });
  const reload = () => hosts.near.out('pkill -HUP -o -x sshd');
  const withCheck = (project: Project) => project.playbook(asked.playbook(['near'], { health: [{ tcp: 22 }] }));
  const untouched = async (project: Project, command: string[], expected: object) => {
    const before = await wholeOf(hosts.near, asked);
    const run = await project.fleet(...command);
    expect({ code: run.code, ...only(run) }).toMatchObject({
      ...{ code: 3, outcome: 'untouched' },
      failure: { kind: 'no-forwarding', to: ['127.0.0.1:22'], wanted: 'checks', ...expected },
    });
    expect(await wholeOf(hosts.near, asked)).toEqual(before);
  };

  it('is found before a switch whose checks need it, and is no matter to others', async () => {
    await using project = await projectOf();
    withCheck(project);
    const deploy = async () =>
      expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed' });
    await deploy();
    await hosts.near.out("printf 'Match User deploy\\n AllowTcpForwarding no\\n' >/etc/ssh/sshd_config.d/closed.conf");
    await reload();
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'unchanged' });
    project.write('app/VERSION', 'two\n');
    for (const command of [
      ['plan', '--all'],
      ['deploy', '--all'],
    ])
      await untouched(project, command, { key: '' });
    const { stdout } = await project.human('deploy', '--all');
    expect(stdout).toContain('AllowTcpForwarding');
    expect(stdout).toContain('PermitOpen 127.0.0.1:22');
    project.playbook(asked.playbook(['near']));
    await deploy();
    // Back to a generation that was proved over a connection.
    await untouched(project, ['rollback', '--all'], { key: '' });

    await hosts.near.out("rm /etc/ssh/sshd_config.d/closed.conf; sed -i 's/^/restrict /' ~deploy/.ssh/authorized_keys");
    await reload();
    withCheck(project);
    project.write('app/VERSION', 'three\n');
    await untouched(project, ['deploy', '--all'], { key: '/home/deploy/.ssh/authorized_keys:1' });
    await hosts.near.out("sed -i 's/^restrict /restrict,port-forwarding /' ~deploy/.ssh/authorized_keys");
    await deploy();
    expect(await standing(hosts.near, asked)).toEqual(['releases/3', 'three', 'IDLE']);
  });

  it('at a jump host is named', async () => {
    await hosts.near.out("sed -i 's/^/restrict /' ~plainuser/.ssh/authorized_keys");
    const door = { host: hosts.near, fields: { user: 'plainuser' } };
    const near = { host: hosts.far, fields: { address: '127.0.0.1', port: 9, jump: 'door' } };
    await using project = await fleetProject({ ...asked.parts, hosts: { door, near } });
    const run = await project.fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({
      code: 3,
      failure: {
        kind: 'no-forwarding',
        wanted: 'jump',
        to: ['127.0.0.1:9'],
        login: `plainuser@127.0.0.1 port ${hosts.near.port}`,
      },
    });
    await hosts.near.out("sed -i 's/^restrict //' ~plainuser/.ssh/authorized_keys");
  });
});

describe('sudo', () => {
  const sudoApp = little('sudoed', ['near']);
  const asUser = (user: string, fields: object = {}) =>
    fleetProject({ ...sudoApp.parts, hosts: { near: { host: hosts.near, fields: { user, ...fields } } } });
  const start = (project: Project, ...more: [string[], Record<string, string>?]) =>
    project.start(['deploy', '--all', ...more[0]], more[1]).ended;
  const password = 'correct horse';

  it('with a password that is missing or wrong leaves the host alone and says how to give one', async () => {
    await using project = await asUser('pwsudo', { become: 'sudo' });
    const none = await start(project, []);
    const wrong = await start(project, [], { FLEET_BECOME_PASSWORD: 'battery staple' });
    for (const { code, stdout } of [none, wrong]) {
      expect(code).toBe(3);
      expect(stdout).toContain('near: untouched: nothing was changed on this host');
      expect(stdout).toContain('sudo did not give root');
      expect(stdout).toContain('put it into the environment variable FLEET_BECOME_PASSWORD');
      expect(stdout).toContain('NOPASSWD');
    }
    expect(none.stdout).toContain('sudo asks pwsudo for a password');
    expect(wrong.stdout).toContain('sudo did not accept the password of pwsudo');
    expect(wrong.stdout + wrong.stderr).not.toContain('battery staple');
    expect(await wholeOf(hosts.near, sudoApp)).toEqual([]);
  });

  it('that is only tried goes on without root, says so with the name of the host, and changes nothing', async () => {
    await using project = await asUser('pwsudo');
    const { code, stdout, stderr } = await start(project, []);
    expect(code).toBe(3);
    expect(stderr).toContain('near: going on without root: sudo asks pwsudo for a password and none was given: set');
    expect(stdout).toContain('near: untouched: nothing was changed on this host');
    expect(stdout).toContain('/opt/sudoed');
    const words = stdout.replace(/\s+/g, ' ');
    expect(words).toContain('Root was missing because sudo asks pwsudo for a password and none was given');
    expect(words).toContain('FLEET_BECOME_PASSWORD');
    expect(await wholeOf(hosts.near, sudoApp)).toEqual([]);
  });

  it('that is only tried is told of by the cron job once', async () => {
    await using project = await asUser('pwsudo');
    const cron = () => project.start(['health', '--cron']).ended;
    const first = await cron();
    expect(first.stderr).toBe('');
    expect(first.stdout).toMatch(/^WARNING near: going on without root: sudo asks pwsudo for a password /m);
    expect(await cron()).toMatchObject({ stdout: '', stderr: '' });
  });

  it('with the right password deploys as root, code by rsync too, and the password is nowhere', async () => {
    await using project = await asUser('pwsudo');
    const ended = await start(project, ['--verbose'], { FLEET_BECOME_PASSWORD: password });
    expect(ended).toMatchObject({ code: 0 });
    expect(await standing(hosts.near, sudoApp)).toEqual(['releases/1', 'one', 'IDLE']);
    expect(await hosts.near.out('stat -c %U /opt/sudoed/releases/1/VERSION')).toBe('root');
    // From the second generation on rsync links what did not change: it did run, and as root.
    project.write('app/VERSION', 'two\n');
    expect(await start(project, [], { FLEET_BECOME_PASSWORD: password })).toMatchObject({ code: 0 });
    expect(await standing(hosts.near, sudoApp)).toEqual(['releases/2', 'two', 'IDLE']);
    expect(await hosts.near.out('stat -c %h /opt/sudoed/releases/2/serve.sh')).toBe('2');
    expect(ended.stdout + ended.stderr).not.toContain(password);
    const leaks = await hosts.near.sh(`grep -rlF '${password}' /opt/sudoed /var/lib/fleet /tmp /home /var/log`);
    expect(leaks.stdout).toBe('');
  });

  it('without a password needs none', async () => {
    await using project = await asUser('deploy');
    project.write('app/VERSION', 'three\n');
    expect(await start(project, [])).toMatchObject({ code: 0 });
    expect(await standing(hosts.near, sudoApp)).toEqual(['releases/3', 'three', 'IDLE']);
  });
});

describe('an account that is a way in', () => {
  const app = little('moved', ['near']);
  const withUser = (user: object) => {
    const { tasks } = app.playbook(['near']);
    return app.playbook(['near'], { tasks: [{ user }, ...tasks] });
  };
  const accounts = () => hosts.near.out('cat /etc/passwd');

  it.each([
    ['deploy', 'fleet'],
    ['pwsudo', 'keys'],
  ])('keeps its home: %s, which is a login of %s', async (name, whose) => {
    const fields = { user: 'deploy' };
    await using project = await fleetProject({ ...app.parts, hosts: { near: { host: hosts.near, fields } } });
    project.playbook(withUser({ name, home: app.root }));
    const before = await accounts();
    for (const verb of ['plan', 'deploy']) {
      const run = await project.fleet(verb, '--all');
      expect({ code: run.code, ...only(run) }).toMatchObject({
        ...{ code: 3, outcome: 'untouched' },
        failure: { kind: 'login-account', account: name, whose },
      });
      expect(only(run).failure?.next.join(' ')).toContain('changeLogin: true');
    }
    expect(await accounts()).toBe(before);
    expect(await wholeOf(hosts.near, app)).toEqual([]);
    project.playbook(withUser({ name, home: app.root, changeLogin: true }));
    const told = await project.human('plan', '--all');
    expect(told.code).toBe(0);
    expect(told.stdout).toContain(`give the account ${name} home ${app.root}`);
    expect(told.stdout).toContain('and gets another home');
  });
});

describe('a jump host', () => {
  const far = little('behind', ['behind']);

  it('is passed through with both host keys verified; with a wrong one nothing goes further', async () => {
    await using way = await throughHost(hosts.near, hosts.far);
    const behind = { host: hosts.far, fields: { address: '127.0.0.1', port: way.port, jump: 'door' } };
    await using project = await fleetProject({ ...far.parts, hosts: { door: hosts.near, behind } });
    const run = await project.fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, host: 'behind', outcome: 'deployed' });
    expect(await standing(hosts.far, far)).toEqual(['releases/1', 'one', 'IDLE']);
    expect(await hosts.near.out('ls /opt')).not.toContain('behind');

    const liar = { host: hosts.near, fields: { hostKey: hosts.far.hostKeys } };
    await using wrongDoor = await fleetProject({ ...far.parts, hosts: { door: liar, behind } });
    const atTheDoor = await wrongDoor.fleet('deploy', '--all');
    expect({ code: atTheDoor.code, ...only(atTheDoor) }).toMatchObject({
      code: 3,
      outcome: 'untouched',
      failure: { kind: 'host-key-changed', message: expect.stringContaining('THE KEY OF') },
    });
    // A person has to learn whose key it is: not that of the host that the row is about.
    const words = new RegExp(`at the jump host: .*\\[127\\.0\\.0\\.1\\]:${hosts.near.port}\\b`);
    expect(JSON.stringify(only(atTheDoor).failure)).toMatch(words);
    expect((await wrongDoor.human('deploy', '--all')).stdout).toMatch(words);

    const other = { ...behind, fields: { ...behind.fields, hostKey: hosts.near.hostKeys } };
    await using wrongEnd = await fleetProject({ ...far.parts, hosts: { door: hosts.near, behind: other } });
    expect(only(await wrongEnd.fleet('deploy', '--all'))).toMatchObject({ failure: { kind: 'host-key-changed' } });
  });

  it("is the way of `fleet ssh` too, with the system's ssh, which stops at the same keys", async () => {
    await using way = await throughHost(hosts.near, hosts.far);
    const behind = { host: hosts.far, fields: { address: '127.0.0.1', port: way.port, jump: 'door' } };
    await using project = await fleetProject({ ...far.parts, hosts: { door: hosts.near, behind } });
    const ask = (from: Project) => from.human('ssh', 'behind', '--', 'cat /etc/hostname; exit 7');
    const name = (await hosts.far.out('cat /etc/hostname')).trim();
    expect(name).not.toBe((await hosts.near.out('cat /etc/hostname')).trim());
    const there = await ask(project);
    expect({ code: there.code, name: there.stdout.trim() }).toEqual({ code: 7, name });

    const liar = { host: hosts.near, fields: { hostKey: hosts.far.hostKeys } };
    await using wrongDoor = await fleetProject({ ...far.parts, hosts: { door: liar, behind } });
    const other = { ...behind, fields: { ...behind.fields, hostKey: hosts.near.hostKeys } };
    await using wrongEnd = await fleetProject({ ...far.parts, hosts: { door: hosts.near, behind: other } });
    for (const wrong of [wrongDoor, wrongEnd]) {
      const stopped = await ask(wrong);
      expect({ code: stopped.code, stdout: stopped.stdout }).toEqual({ code: 255, stdout: '' });
      expect(stopped.stderr).toContain('Host key verification failed');
    }
  });

  it('that cannot reach the host behind it is named, and so is the host', async () => {
    const behind = { host: hosts.far, fields: { address: '127.0.0.1', port: 9, jump: 'door' } };
    await using project = await fleetProject({ ...far.parts, hosts: { door: hosts.near, behind } });
    const run = await project.fleet('deploy', '--all');
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 3, failure: { kind: 'unreachable' } });
    expect(only(run).failure?.message).toContain('root@127.0.0.1 port 9: the jump host could not reach it');
  });
});
