import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project, said } from '../fleet.ts';
import { little } from '../little.ts';
import { type Hosts, startHosts } from '../rig/index.ts';
import { eventually } from '../samples.ts';

let hosts: Hosts<{ web: 'systemd' }>;
beforeAll(async () => {
  hosts = await startHosts({ web: 'systemd' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const host = () => hosts.web;
const sleeping = (what: string, install = 'WantedBy=multi-user.target') =>
  `# ${what}\n[Service]\nExecStart=/bin/sleep infinity\n[Install]\n${install}\n`;
const VENDOR = '/usr/local/lib/systemd/system';

/** Units of the host in all the ways in which one can be there, besides Debian's own cron. */
const HOST = {
  [`${VENDOR}/idle.service`]: sleeping('idle'),
  [`${VENDOR}/real.service`]: sleeping('real', 'WantedBy=multi-user.target\nAlias=nick.service'),
  [`${VENDOR}/copy@.service`]: sleeping('copy'),
  '/run/systemd/system/volatile.service': sleeping('volatile'),
  '/srv/linked.service': sleeping('linked', 'WantedBy=multi-user.target\nAlias=also.service'),
  '/etc/systemd/system/hand.service': sleeping('hand'),
  [`${VENDOR}/needing.service`]: `[Unit]\nRequires=linked.service\nAfter=linked.service\n${sleeping('needing')}`,
  [`${VENDOR}/part.service`]: `[Unit]\nPartOf=needing.service\n${sleeping('part')}`,
  '/etc/init.d/oldie': `#!/bin/sh
### BEGIN INIT INFO
# Provides: oldie
# Required-Start:
# Required-Stop:
# Default-Start: 2 3 4 5
# Default-Stop: 0 1 6
# Short-Description: of before systemd
### END INIT INFO
case $1 in start) sleep 100000 & ;; stop) exit 0 ;; esac
`,
};
const SET_UP = `chmod 755 /etc/init.d/oldie && chmod 640 /etc/systemd/system/hand.service && update-rc.d oldie defaults && systemctl daemon-reload
systemctl enable --now real.service copy@a.service && systemctl start copy@b.service volatile.service oldie.service
systemctl enable --now /srv/linked.service && systemctl enable --runtime hand.service && systemctl start hand.service needing.service part.service`;

const TAKEN = ['cron', 'idle', 'volatile', 'linked', 'hand', 'oldie'].map((name) => `${name}.service`);
const ASKED = [
  ...TAKEN,
  'real.service',
  'nick.service',
  'also.service',
  'needing.service',
  'part.service',
  'copy@a.service',
  'copy@b.service',
];

/** What the host makes of these names: files and links of all kinds, what starts at boot, what runs. */
async function names(): Promise<string[]> {
  const files = await host().manifest(
    ['/etc/systemd/system', '/run/systemd/system', '/etc/rc2.d', '/etc/rc0.d', '/etc/init.d', '/srv', VENDOR],
    [/stand\.service$/],
  );
  const states = await host().out(
    `for u in ${ASKED.join(' ')}; do
      echo "$u $(systemctl show -p Id,FragmentPath,SourcePath,UnitFileState,ActiveState,SubState,NeedDaemonReload --value $u | tr '\\n' ' ')"
    done; systemctl is-enabled copy@a.service copy@b.service; pgrep -xc cron; systemctl list-units --plain --no-legend 'copy@*' | cut -d' ' -f1`,
  );
  return [...files, ...states.split('\n')];
}

const APP = little('stand', ['it']);
const ours = (name: string) => sleeping(`ours ${name}`);
const OWN = [APP.unit];
const ALL = [APP.unit, ...TAKEN.filter((unit) => unit !== 'idle.service'), 'copy@c.service'];
const playbook = (enable: readonly string[]) => ({
  ...(APP.playbook(['it'], { deploy: { settle: '1s', deadline: '40s' } }) as object),
  tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable } }],
});
function take(project: Project): void {
  for (const name of [...TAKEN, 'copy@.service']) project.write(`units/${name}`, ours(name));
  project.playbook(playbook(ALL));
}
function leave(project: Project): void {
  for (const name of [...TAKEN, 'copy@.service']) project.remove(`units/${name}`);
  project.playbook(playbook(OWN));
}
const version = (project: Project, text: string) => project.write('app/VERSION', `${text}\n`);
const run = async (project: Project, ...args: string[]) => {
  const ended = await project.fleet(...args, '--all');
  return { code: ended.code, said: ended.stdout + ended.stderr, ...only(ended) };
};

/** What starts at boot may be running a moment after a rollback has ended. */
const same = (before: readonly string[]) => eventually(async () => expect(await names()).toEqual(before));

describe('units of the host that have names of ours', () => {
  let project: Project;
  let before: string[];

  beforeAll(async () => {
    for (const [path, text] of Object.entries(HOST)) await host().writeFile(path, text);
    await host().out(SET_UP);
    before = await names();
    project = await fleetProject({ ...APP.parts, hosts: { it: host() } });
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  it('are told by plan with where they are, whether they run and whether they start at boot', async () => {
    take(project);
    const plan = await project.human('plan', '--all');
    for (const words of [
      /! replaces cron\.service of the host, running, enabled \(\S*\/lib\/systemd\/system\/cron\.service\); it comes back/,
      /! replaces idle\.service of the host, not running, disabled \(/,
      /! replaces volatile\.service of the host, running, \w+-?\w* \(\/run\/systemd\/system\/volatile\.service\)/,
      /! replaces linked\.service of the host, running, enabled.*started again with ours: needing\.service and part\.service;/,
      /! replaces hand\.service of the host, running, enabled-runtime \(\/etc\/systemd\/system\/hand\.service\)/,
      /! replaces oldie\.service of the host, running, generated \(\/etc\/init\.d\/oldie\)/,
      /! replaces copy@\.service of the host, 2 of it running/,
    ])
      expect(plan.stdout).toMatch(words);
    const event = (await project.fleet('plan', '--all')).events.find(({ type }) => type === 'planned');
    expect(event?.plan).toMatchObject({
      replaces: expect.arrayContaining([
        expect.objectContaining({ unit: 'cron.service', running: 1, state: 'enabled' }),
      ]),
    });
    expect(await names()).toEqual(before);
  });

  it('come back as they were when the first deploy fails', async () => {
    version(project, 'broken');
    expect(await run(project, 'deploy')).toMatchObject({ code: 1, outcome: 'reverted', generation: 0 });
    await same(before);
  });

  it('are replaced, and start at boot as ours say', async () => {
    version(project, 'one');
    expect(await run(project, 'deploy')).toMatchObject({ code: 0, outcome: 'deployed' });
    const now = await names();
    expect(now).not.toEqual(before);
    for (const unit of ALL)
      expect(await host().out(`systemctl show -p FragmentPath,ActiveState --value ${unit} | tr '\\n' ' '`)).toMatch(
        /^(\/etc\/systemd\/system\/\S+ active|active \/etc\/systemd\/system\/\S+)$/,
      );
    expect(await host().out('systemctl is-enabled cron.service copy@c.service')).toBe('enabled\nenabled');
    expect((await host().sh('systemctl is-enabled idle.service copy@a.service')).stdout).toBe('disabled\ndisabled\n');
    expect((await host().sh('pgrep -xc cron')).stdout).toBe('0\n');
    expect(await host().out('systemctl is-active needing.service part.service')).toBe('active\nactive');
    // Ours by now: there is nothing to tell any more.
    expect((await project.human('plan', '--all')).stdout).not.toContain('replaces');
  });

  it('come back when a later generation has no such units any more, beside the app', async () => {
    leave(project);
    const plan = await project.human('plan', '--all');
    expect(plan.stdout).toMatch(/! cron\.service of the host comes back, running, enabled \(\S+\)/);
    expect(plan.stdout).toMatch(/! copy@\.service of the host comes back, 2 of it running, disabled/);
    expect(await run(project, 'deploy')).toMatchObject({ code: 0, outcome: 'deployed' });
    await same(before);
    expect(await host().out(`systemctl is-active ${APP.unit}`)).toBe('active');
  });

  it('come back when a later generation that has them fails, and as they are by then', async () => {
    await host().out('systemctl disable -q --now idle.service volatile.service && systemctl disable -q copy@a.service');
    const since = await names();
    expect(since).not.toEqual(before);
    take(project);
    version(project, 'broken');
    const failed = await run(project, 'deploy');
    expect(failed).toMatchObject({ code: 1, outcome: 'reverted' });
    await same(since);
    await host().out('systemctl enable -q copy@a.service && systemctl start volatile.service');
    await same(before);
  });

  it('come back with a rollback to what was before them, and go again with one to what has them', async () => {
    version(project, 'two');
    const two = await run(project, 'deploy');
    expect(two).toMatchObject({ code: 0, outcome: 'deployed' });
    const replaced = await names();
    expect(await run(project, 'rollback')).toMatchObject({ code: 0, outcome: 'rolled-back' });
    await same(before);
    expect(await run(project, 'rollback', '--to', String(two.generation))).toMatchObject({ code: 0 });
    await same(replaced);
  });

  it('come back with a full rollback, and one that was taken off the host meanwhile is no reason to fail', async () => {
    await host().out('rm /run/systemd/system/volatile.service');
    expect(await run(project, 'rollback', '--full', '--yes')).toMatchObject({ code: 0, outcome: 'removed' });
    const without = (lines: readonly string[]) => lines.filter((line) => !line.includes('volatile.service'));
    await eventually(async () => expect(without(await names())).toEqual(without(before)));
    expect((await host().sh('systemctl is-active volatile.service')).stdout).toBe('inactive\n');
    expect((await host().sh('test -e /var/lib/fleet')).code).toBe(1);
  });
});

describe('what no app may take', () => {
  it('is refused by plan with all of it, and the host is left alone', async () => {
    const app = little('greedy', ['it']);
    await using project = await fleetProject({ ...app.parts, hosts: { it: host() } });
    await host().out(
      `systemctl mask --runtime -q idle.service && systemd-run -q --unit=passing sleep infinity
      mkdir -p ${app.root}/current && echo kept >${app.root}/current/file`,
    );
    const refused = [
      'nick.service',
      'ssh.service',
      'sshd.service',
      'dbus.service',
      'multi-user.target',
      'idle.service',
      'passing.service',
    ];
    for (const name of [...refused, 'linked.service'])
      project.write(`units/${name}`, name.endsWith('.target') ? '[Unit]\n' : ours(name));
    const before = await names();
    for (const command of ['plan', 'deploy']) {
      const ended = await run(project, command);
      expect(ended).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'occupied' } });
      const told = ended.failure?.message ?? '';
      for (const name of refused) expect(told).toContain(name);
      expect(told).toContain(`${app.root}/current is a folder`);
      expect(told).toContain('idle.service is masked on this host');
      expect(told).not.toContain('linked.service');
      expect(ended.failure?.next.join(' ')).toContain(`mv ${app.root}/current ${app.root}/current.before`);
    }
    expect(await names()).toEqual(before);
    // The control: without those, and with the folder out of the way, nothing is in the way of a deploy.
    for (const name of refused) project.remove(`units/${name}`);
    await host().out(`mv ${app.root}/current ${app.root}/current.before`);
    expect(await run(project, 'plan')).toMatchObject({ code: 0 });
    await host().out(`ln -s current.before ${app.root}/current`);
    expect((await project.human('plan', '--all')).stdout).toContain(
      `found ${app.root}/current, a link to current.before; it is kept`,
    );
    await host().out(`systemctl stop passing.service; systemctl unmask --runtime -q idle.service`);
  });
});

describe('a power cut in the middle', () => {
  it("brings the host's own unit back with the next boot, running, and ours is nowhere", async () => {
    const app = little('crony', ['it'], { deploy: { settle: '60s', deadline: '90s' } });
    await using project = await fleetProject({ ...app.parts, hosts: { it: host() } });
    project.write('units/cron.service', ours('cron'));
    const standing = async () => [
      ...(await host().manifest(['/etc/systemd/system'])),
      await host().out('systemctl show -p FragmentPath,UnitFileState,ActiveState --value cron.service; pgrep -xc cron'),
    ];
    const before = await standing();
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"phase":"settle"');
    expect(await host().out('systemctl show -p FragmentPath --value cron.service')).toBe(
      '/etc/systemd/system/cron.service',
    );
    await host().kill();
    await host().start();
    await eventually(async () => expect(await standing()).toEqual(before));
    running.child.kill('SIGINT');
    await running.ended;
  });
});
