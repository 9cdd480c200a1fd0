import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project, parseRun, type Run, said } from '../fleet.ts';
import { drawn, type Hosts, startHosts, type TestHost } from '../rig/index.ts';
import { asHost } from '../safety/steady-app.ts';
import { eventually } from '../samples.ts';

let hosts: Hosts<{ one: 'systemd'; two: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ one: 'systemd', two: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const NAMES = ['one', 'two'] as const;

const unit = (root: string, rest: string) =>
  `[Service]\nWorkingDirectory=${root}/current\n${rest}\n[Install]\nWantedBy=multi-user.target\n`;

/** What it takes to be stopped: neither TERM nor time is enough, or what it runs first never ends. */
const STUBBORN = {
  term: `ExecStart=/bin/sh stubborn.sh\nTimeoutStopSec=infinity`,
  stop: `ExecStart=/bin/sh meeker.sh\nExecStop=/bin/sleep 4321\nTimeoutStopSec=infinity`,
} as const;

/** An app of two services, of which the second does not stop; `deadline` in seconds. */
async function stubborn(name: string, host: TestHost, how: keyof typeof STUBBORN, deadline: number) {
  const root = `/opt/${name}`;
  const slow = `${name}-slow.service`;
  const playbook = (units: readonly string[], within = deadline) => ({
    ...{ name, root, hosts: ['it'], deploy: { settle: '1s', deadline: `${within}s` } },
    tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: units } }],
  });
  const main = `${name}.service`;
  const project = await fleetProject({
    hosts: { it: host },
    playbook: playbook([main, slow]),
    units: {
      [main]: unit(root, 'ExecStart=/bin/sh meek.sh'),
      [slow]: unit(root, STUBBORN[how]),
    },
    files: {
      'app/meek.sh': `while :; do sleep 1; done # ${root}\n`,
      'app/meeker.sh': 'while :; do sleep 1; done # 2\n',
      'app/stubborn.sh': `trap '' TERM\nwhile :; do sleep 1; done\n`,
    },
  });
  expect(endOf(await project.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed', generation: 1 });
  const look = `set -- ${root} ${name} lib; . /var/lib/fleet/${name}/host.sh; rt=$(runtime_of "$(active_generation)")
    for u in ${main} ${slow}; do read_unit "$rt" $u; say "$u_active $u_pid"; done`;
  return {
    ...{ project, root, slow, state: `/var/lib/fleet/${name}` },
    drop() {
      project.remove(`units/${slow}`);
      project.playbook(playbook([main]));
    },
    allow: (within: number) => project.playbook(playbook([main], within)),
    /** Phase, generation, and each service as `active PID`. */
    async stands() {
      const text = await host.out(
        `sed -n 's/^phase //p' /var/lib/fleet/${name}/state; readlink ${root}/current; ${look}`,
      );
      const [phase, link, ...units] = text.split('\n');
      return { phase, link, units: units.map((line) => line.split(' ')[0]), pid: units[1]?.split(' ')[1] };
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  };
}

const endOf = (run: Run) => ({ code: run.code, ...only(run) });
const notes = (run: Run) => run.events.flatMap(({ type, text }) => (type === 'note' ? [String(text)] : []));
const WHOLE = { phase: 'IDLE', link: 'releases/1', units: ['active', 'active'] };

describe.concurrent.each(drawn(...NAMES))('on %s, a service that is to go and does not stop', (name) => {
  const host = () => hosts[name];

  it('is waited for until the deadline, named, killed on the way back, and up again; and a removal gets past it', async ({
    expect,
  }) => {
    await using app = await stubborn('deaf', host(), 'term', 8);
    const before = await app.stands();
    expect(before).toMatchObject(WHOLE);
    app.drop();
    const begun = Date.now();
    const run = await app.project.fleet('deploy', '--all');
    expect(Date.now() - begun).toBeLessThan(90_000);
    expect(endOf(run)).toMatchObject({ code: 1, outcome: 'reverted', generation: 1, failure: { kind: 'step-failed' } });
    expect(JSON.stringify(only(run).failure)).toMatch(
      /deaf-slow\.service was asked to stop and did not, in the \d+ s up to the deadline/,
    );
    expect(notes(run).join('\n')).toMatch(/deaf-slow\.service .*it is killed now/);
    const after = await app.stands();
    expect(after).toMatchObject(WHOLE);
    expect(after.pid).not.toBe(before.pid);
    expect((await app.project.fleet('health', '--all')).code).toBe(0);

    app.allow(30);
    const removed = await app.project.fleet('rollback', '--full', '--yes', '--all');
    expect(endOf(removed)).toMatchObject({ code: 0, outcome: 'removed' });
    expect(notes(removed).join('\n')).toMatch(/deaf-slow\.service .*it is killed now/);
    expect((await host().sh('pgrep -f "[s]h stubborn.sh"')).stdout).toBe('');
  });

  it('does not keep Ctrl-C waiting, also when its ExecStop= hangs', async ({ expect }) => {
    await using app = await stubborn('hung', host(), 'stop', 300);
    app.drop();
    const running = app.project.start(['deploy', '--all', '--json']);
    await said(running, 'stopping hung-slow.service');
    const begun = Date.now();
    running.child.kill('SIGINT');
    const run = parseRun(await running.ended);
    expect(Date.now() - begun).toBeLessThan(90_000);
    expect(endOf(run)).toMatchObject({
      ...{ code: 130, outcome: 'reverted', generation: 1 },
      failure: { kind: 'cancelled' },
    });
    expect(await app.stands()).toMatchObject(WHOLE);
    expect((await host().sh('pgrep -f "[s]leep 4321"')).stdout).toBe('');
  });
});

// Beside those before: it waits for its own deadline.
describe.concurrent('on one, a unit of the host that is to read a changed file', () => {
  it('and whose restart hangs is given up at the deadline, and is up again with the old file', async () => {
    const host = hosts.one;
    await host.writeFile('/usr/local/bin/reader', "#!/bin/sh\ntrap '' TERM\nwhile :; do sleep 1; done\n", 0o755);
    await host.writeFile(
      '/etc/systemd/system/reader.service',
      '[Service]\nExecStart=/usr/local/bin/reader\nTimeoutStopSec=infinity\n',
    );
    await host.out('systemctl daemon-reload && systemctl start reader');
    const files = (content: string) => ({
      ...{ name: 'read', root: '/opt/read', hosts: ['it'], deploy: { settle: '1s', deadline: '6s' } },
      tasks: [
        { sync: { from: 'app' } },
        { files: [{ content, to: '/etc/reader.conf', restart: 'reader.service' }] },
        { units: { from: 'units', enable: ['read.service'] } },
      ],
    });
    await host.writeFile('/etc/reader.conf', 'old\n', 0o644);
    await using project = await fleetProject({
      hosts: { it: host },
      playbook: files('new\n'),
      units: { 'read.service': '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n' },
      files: { 'app/VERSION': 'one\n' },
    });
    const run = await project.fleet('deploy', '--all');
    expect(endOf(run)).toMatchObject({ code: 1, outcome: 'reverted', generation: 0 });
    expect(JSON.stringify(only(run).failure)).toMatch(
      /restart of reader\.service failed: it had not ended after \d+ s/,
    );
    expect(await host.out('cat /etc/reader.conf; systemctl is-active reader')).toBe('old\nactive');
    await host.out('systemctl kill -s KILL reader; rm /etc/systemd/system/reader.service; systemctl daemon-reload');
  });
});

const STATE = '/var/lib/fleet/filled';

/** A program that every part of ours finds first; `body` runs when the one that calls it is a runner. */
const shim = (name: string, body: string) =>
  `#!/bin/sh\ncase $(tr '\\0' ' ' </proc/$PPID/cmdline) in *" runner "*)\n${body}\n;; esac\nexec /usr/bin/${name} "$@"\n`;

describe.each(drawn(...NAMES))('on %s, a runner', (name) => {
  const host = () => hosts[name];

  async function live(app: string): Promise<Project> {
    const root = `/opt/${app}`;
    const project = await fleetProject({
      hosts: { it: host() },
      playbook: {
        ...{ name: app, root, hosts: ['it'], deploy: { settle: '1s', deadline: '40s' } },
        tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: [`${app}.service`] } }],
      },
      units: { [`${app}.service`]: unit(root, 'ExecStart=/bin/sh meek.sh') },
      files: { 'app/meek.sh': 'while :; do sleep 1; done\n', 'app/VERSION': 'one\n' },
    });
    expect(endOf(await project.fleet('deploy', '--all'))).toMatchObject({ code: 0, generation: 1 });
    project.write('app/VERSION', 'two\n');
    return project;
  }

  it('that is killed right after its first line is missed at once, and nothing was changed', async () => {
    await using project = await live('early');
    await host().writeFile('/usr/local/sbin/flock', shim('flock', 'kill -9 $PPID'), 0o755);
    const begun = Date.now();
    const run = await project.fleet('deploy', '--all');
    await host().out('rm /usr/local/sbin/flock');
    expect(Date.now() - begun).toBeLessThan(35_000);
    expect(endOf(run)).toMatchObject({
      ...{ code: 3, outcome: 'untouched' },
      failure: { kind: 'runner-died', message: "fleet's program on the host died before it began the switch" },
    });
    expect(await host().out('readlink /opt/early/current; ls /opt/early/releases')).toBe('releases/1\n1');
    expect(endOf(await project.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed' });
  });

  it('that finds no room for its first line says that the disk is full', async () => {
    await asHost(host(), `mkdir -p ${STATE} && mount -t tmpfs -o size=4m,mode=700 tmpfs ${STATE}`);
    await using project = await live('filled');
    const fill = `dd if=/dev/zero of=${STATE}/..fill bs=4k 2>/dev/null`;
    await host().writeFile('/usr/local/sbin/stat', shim('stat', fill), 0o755);
    const run = await project.fleet('deploy', '--all');
    await host().out(`rm /usr/local/sbin/stat ${STATE}/..fill`);
    expect(endOf(run)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'unsupported' } });
    expect(only(run).failure?.message).toContain('disk full');
    expect(endOf(await project.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed' });
  });

  it('that is killed while somebody else holds the lock is no reason to call a person', async () => {
    await using project = await live('held');
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"phase":"settle"');
    // As a boot that is at it would.
    await host().out(`read -r _ pid _ </var/lib/fleet/held/out.$(sed -n 's/^txn //p' /var/lib/fleet/held/state)
      kill -9 $pid; setsid flock /var/lib/fleet/held/lock sleep 12 </dev/null >/dev/null 2>&1 &`);
    const run = parseRun(await running.ended);
    expect(endOf(run)).toMatchObject({
      ...{ code: 1, outcome: 'reverted', generation: 1 },
      failure: { kind: 'runner-died', message: "fleet's program on the host was killed in the middle of the switch" },
    });
    await eventually(async () => expect(await host().out('cat /opt/held/current/VERSION')).toBe('one'));
  });
});
