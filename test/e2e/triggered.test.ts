import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project, said } from './fleet.ts';
import { startHost, type TestHost } from './rig/index.ts';
import { eventually } from './samples.ts';

const APP = 'gate';
const ROOT = `/opt/${APP}`;

const service = (lines: string) =>
  `[Service]\nWorkingDirectory=${ROOT}/current\nEnvironment=PYTHONUNBUFFERED=1\nTimeoutStopSec=5\n${lines}\n`;
const install = (target: string) => `[Install]\nWantedBy=${target}.target\n`;

/** Each kind of trigger, with and without a name for what it starts. */
const UNITS = {
  'gate.socket': `[Socket]\nListenStream=127.0.0.1:7001\nService=door.service\n${install('sockets')}`,
  'door.service': service('ExecStart=/usr/bin/python3 door.py\nMemoryMax=256M'),
  'echo.socket': `[Socket]\nListenStream=127.0.0.1:7002\nAccept=yes\n${install('sockets')}`,
  'echo@.service': service('ExecStart=/bin/sh echo.sh\nStandardInput=socket'),
  'nightly.timer': `[Timer]\nOnCalendar=2199-01-01\n${install('timers')}`,
  'nightly.service': service('Type=oneshot\nExecStart=/bin/sh job.sh\nTimeoutStartSec=infinity'),
  'drop.path': `[Path]\nPathExists=${ROOT}/data/go\nUnit=react.service\n${install('paths')}`,
  'react.service': service('Type=oneshot\nExecStart=/bin/sh react.sh'),
};
const TRIGGERS = ['gate.socket', 'echo.socket', 'nightly.timer', 'drop.path'];

const DOOR = `import os, socket
version = open('VERSION').read().strip()
assert version != 'broken', 'this door does not open'
s = socket.socket(fileno=3)
while True:
    c, _ = s.accept()
    c.sendall(f'{version} {os.getpid()}\\n'.encode())
    c.close()
`;

const FILES = {
  'app/VERSION': 'one\n',
  'app/door.py': DOOR,
  'app/echo.sh': 'cat VERSION\nexec cat\n',
  'app/job.sh':
    'while [ -e ../../data/hold ]; do sleep 0.1; done; [ ! -e ../../data/fail ] && cat VERSION >>../../data/done\n',
  'app/react.sh': 'rm ../../data/go && cat VERSION >>../../data/reacted\n',
};

const playbook = (changes: object = {}) => ({
  ...{ name: APP, root: ROOT, hosts: ['it'], data: ['data'], deploy: { settle: '1s', deadline: '20s' } },
  tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: TRIGGERS } }],
  health: [{ unit: 'gate.socket' }],
  ...changes,
});

// One story on one host, in order.
describe('what sockets, timers and paths start', () => {
  let host: TestHost;
  let project: Project;
  beforeAll(async () => {
    host = await startHost('it', 'systemd');
    project = await fleetProject({ hosts: { it: host }, playbook: playbook(), units: UNITS, files: FILES });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  const run = async (...args: string[]) => {
    const ended = await project.fleet(...args, '--all');
    const notes = ended.events.flatMap(({ type, text }) => (type === 'note' ? [String(text)] : []));
    return { code: ended.code, notes, events: ended.events, ...only(ended) };
  };
  const deploy = (version: string, changes?: object) => {
    project.write('app/VERSION', `${version}\n`);
    if (changes !== undefined) project.playbook(playbook(changes));
    return run('deploy');
  };
  /** What answers at a port: the version, and behind the door its process. */
  const knock = (port = 7001) =>
    host.out(
      `python3 -c "import socket; s = socket.create_connection(('127.0.0.1', ${port}), 5); print(s.recv(99).decode(), end='')"`,
    );
  const state = (...units: string[]) => host.out(`systemctl is-active ${units.join(' ')}; true`);
  const health = async () => {
    const { code, events } = await run('health');
    const results = events.flatMap((event) =>
      event.type === 'check' ? [event.result as Record<string, unknown>] : [],
    );
    return { code, of: (unit: string) => results.find(({ check }) => check === `service ${unit}`) };
  };

  it('need not run to be deployed, and stand in status and health with what starts them', async () => {
    expect(await deploy('one')).toMatchObject({ code: 0, outcome: 'deployed', notes: [] });
    expect(await state(...TRIGGERS, 'door', 'nightly', 'react')).toBe(
      'active\nactive\nactive\nactive\ninactive\ninactive\ninactive',
    );
    const { stdout } = await project.human('status', '--all');
    expect(stdout).toMatch(/door\.service +inactive \(dead\), started by gate\.socket/);
    expect(stdout).toMatch(/nightly\.service +inactive \(dead\), started by nightly\.timer/);
    expect(stdout).not.toContain('differs');
    const asked = await health();
    expect(asked.code).toBe(0);
    expect(asked.of('react.service')).toMatchObject({ ok: true, detail: expect.stringContaining('drop.path') });
    expect(await run('deploy')).toMatchObject({ outcome: 'unchanged' });
  });

  it('serve the new release after a deploy when they were up, and connections of the old one are ended', async () => {
    expect(await knock()).toMatch(/^one \d+$/);
    const client = host.out(
      `python3 -c "import socket; s = socket.create_connection(('127.0.0.1', 7002)); s.recv(99); open('/tmp/open', 'w'); print(s.recv(99))"`,
      { timeoutMs: 60_000 },
    );
    await eventually(() => host.out('ls /tmp/open'));
    // What systemd itself says to a socket whose service is up.
    expect((await host.sh('systemctl restart gate.socket 2>&1')).code).not.toBe(0);
    await host.out('systemctl stop door && systemctl reset-failed gate.socket && systemctl start gate.socket');
    expect(await knock()).toMatch(/^one \d+$/);

    const done = await deploy('two');
    expect(done).toMatchObject({ code: 0, outcome: 'deployed' });
    // Behind its socket, which stays, it is restarted; it is not stopped first.
    expect(done.notes.join('\n')).not.toMatch(/stopping .*door\.service/);
    expect(done.events).toContainEqual(expect.objectContaining({ type: 'away', unit: 'door.service' }));
    expect(await client).toBe("b''");
    expect(await state('door')).toBe('active');
    expect(await knock()).toMatch(/^two \d+$/);
    expect(await knock(7002)).toBe('two');
    await host.out(`touch ${ROOT}/data/go`);
    await eventually(async () => expect(await host.out(`cat ${ROOT}/data/reacted`)).toBe('two'));
  });

  it('are proved: one that was up and fails takes the deploy back, and the old one serves again', async () => {
    expect(await knock()).toMatch(/^two \d+$/);
    const failed = await deploy('broken');
    expect(failed).toMatchObject({ code: 1, outcome: 'reverted', failure: { kind: 'not-settled' } });
    expect(failed.failure?.message).toContain('door.service');
    expect(JSON.stringify(failed.failure)).toContain('this door does not open');
    expect(await state('door')).toBe('active');
    expect(await knock()).toMatch(/^two \d+$/);
  });

  it('at a job are waited for, and stopped and named where they take too long', async () => {
    const begin = () => host.out(`touch ${ROOT}/data/hold; systemctl start --no-block nightly`);
    await begin();
    project.write('app/VERSION', 'three\n');
    const waited = project.start(['deploy', '--all', '--json']);
    await said(waited, 'nightly.service is at work');
    await host.out(`rm ${ROOT}/data/hold`);
    expect((await waited.ended).code).toBe(0);
    expect(await host.out(`cat ${ROOT}/data/done`)).toBe('two');

    await begin();
    const stopped = await deploy('four', { deploy: { settle: '1s', deadline: '24s' } });
    expect(stopped).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(stopped.notes.join('\n')).toMatch(/nightly\.service has not ended after \d+ s and is stopped/);
    expect(await host.out(`pgrep -fx '/bin/sh job.sh'; rm ${ROOT}/data/hold; cat ${ROOT}/data/done`)).toBe('two');
  });

  it('whose last run failed are unhealthy until the next one, or the next deploy', async () => {
    expect((await health()).code).toBe(0);
    await host.out(`touch ${ROOT}/data/fail; systemctl start nightly; true`);
    const asked = await health();
    expect(asked.code).toBe(1);
    expect(asked.of('nightly.service')).toMatchObject({
      ok: false,
      detail: expect.stringMatching(/started by nightly\.timer: .*exit status 1/),
    });
    await host.out(`rm ${ROOT}/data/fail; systemctl start nightly`);
    expect((await health()).code).toBe(0);
  });

  it('are deaf to nobody when a deploy is interrupted: what was up is up again', async () => {
    await knock();
    project.write('app/VERSION', 'five\n');
    project.playbook(playbook({ health: [{ command: ['sleep', '9'] }] }));
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"phase":"verify"');
    expect(await knock()).toMatch(/^five/);
    running.child.kill('SIGINT');
    expect((await running.ended).code).toBe(130);
    expect(await state('door')).toBe('active');
    expect(await knock()).toMatch(/^four/);
    project.playbook(playbook());
  });

  it('go when the app goes: nothing of it listens, runs, or waits', async () => {
    await host.out(`touch ${ROOT}/data/hold; systemctl start --no-block nightly`);
    expect(await knock()).toMatch(/^four/);
    expect(await run('rollback', '--full', '--yes')).toMatchObject({ code: 0, outcome: 'removed' });
    expect(
      await host.out(
        `systemctl list-units --all --plain --no-legend '${[...Object.keys(UNITS)].map((name) => name.replace('@', '@*')).join("' '")}'; pgrep -f '[d]oor.py|[j]ob.sh'; ls ${ROOT} /etc/systemd/system/*.wants | grep -E 'gate|door|echo|nightly|drop|react'; true`,
      ),
    ).toBe('');
    expect(
      (await host.sh('python3 -c "import socket; socket.create_connection((\'127.0.0.1\', 7001))"')).code,
    ).not.toBe(0);
  });
});
