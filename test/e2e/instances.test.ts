import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { startHost, type TestHost } from './rig/index.ts';

const TEMPLATE = `[Service]
ExecStart=/bin/sleep infinity
EnvironmentFile=-/etc/brain/%i.extra
TimeoutStopSec=2
[Install]
WantedBy=multi-user.target
`;

const DEVICES = { unit: 'brain@.service', allow: ['/dev/nvidia*', '/dev/nvgpu/igpu0/*', '/dev/no-such*'] };

const instances = (names: readonly string[], atMost: object = { instances: 2, MemoryMax: '1G' }) => ({
  of: 'brain@.service',
  names,
  settings: 'experiments/%i.env',
  directives: { MemoryMax: 'RAM_LIMIT', CPUQuota: 'CPU_QUOTA' },
  files: [{ from: 'experiments/%i.json', to: '/etc/brain/%i.json', mode: '0640' }],
  atMost,
});

const playbook = (names: readonly string[], atMost?: object) => ({
  ...{ name: 'brain', root: '/opt/brain', hosts: ['jetson'], deploy: { settle: '1s', deadline: '20s' } },
  tasks: [{ units: { from: 'units' } }, { instances: instances(names, atMost) }, { devices: DEVICES }],
  health: [{ unit: names.map((name) => `brain@${name}.service`) }, { temperature: { warn: 75, critical: 85 } }],
});

// One story on one host, in order.
describe('instances of a template on a host with systemd', () => {
  let host: TestHost;
  let project: Project;
  const deploy = async () => only(await project.fleet('deploy', '--all'));
  const show = (name: string, property: string) =>
    host.out(`systemctl show -p ${property} --value brain@${name}.service`);
  const environ = async (name: string) =>
    (await host.out(`tr '\\0' '\\n' </proc/${await show(name, 'MainPID')}/environ`)).split('\n');
  /** What the kernel itself holds the instance to; the file's name depends on the version of cgroups. */
  const memory = async (name: string) => {
    const group = await show(name, 'ControlGroup');
    return host.out(
      `cat /sys/fs/cgroup${group}/memory.max /sys/fs/cgroup/memory${group}/memory.limit_in_bytes 2>/dev/null; true`,
    );
  };
  const quota = async (name: string) => {
    const group = await show(name, 'ControlGroup');
    return host.out(
      `cut -d' ' -f1 /sys/fs/cgroup${group}/cpu.max 2>/dev/null || cat /sys/fs/cgroup/cpu*${group}/cpu.cfs_quota_us | head -n 1`,
    );
  };

  beforeAll(async () => {
    host = await startHost('jetson', 'systemd');
    // Numbers of a device that the container may use, and a service with DevicePolicy=closed may not by itself.
    await host.out('mkdir -p /dev/nvgpu/igpu0 && mknod /dev/nvidia0 c 5 1 && mknod /dev/nvgpu/igpu0/ctrl c 5 1');
    project = await fleetProject({
      hosts: { jetson: host },
      playbook: playbook(['one', 'two-b']),
      units: { 'brain@.service': TEMPLATE },
      files: {
        'experiments/one.env': `RAM_LIMIT=256M\nCPU_QUOTA=50%\nSTORY='100% "sure" \\ $HOME'\nPLAIN=1\n`,
        'experiments/two-b.env': 'RAM_LIMIT=512M\nCPU_QUOTA=25%\nPLAIN=2\n',
        'experiments/one.json': '{"id": 1}\n',
        'experiments/two-b.json': '{"id": 2}\n',
      },
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  it('run with limits, variables and files of their own', async () => {
    expect(await deploy()).toMatchObject({ outcome: 'deployed', generation: 1, failure: null });
    expect(await Promise.all(['one', 'two-b'].map((name) => show(name, 'MemoryMax')))).toEqual([
      '268435456',
      '536870912',
    ]);
    expect(await Promise.all(['one', 'two-b'].map((name) => show(name, 'CPUQuotaPerSecUSec')))).toEqual([
      '500ms',
      '250ms',
    ]);
    expect(await Promise.all(['one', 'two-b'].map(memory))).toEqual(['268435456', '536870912']);
    expect(await Promise.all(['one', 'two-b'].map(quota))).toEqual(['50000', '25000']);
    expect(await environ('one')).toEqual(expect.arrayContaining([`STORY=100% "sure" \\ $HOME`, 'PLAIN=1']));
    expect(await environ('two-b')).toContain('PLAIN=2');
    expect((await environ('two-b')).join()).not.toMatch(/STORY|RAM_LIMIT/);
    expect(await host.out('stat -c %a /etc/brain/one.json && cat /etc/brain/two-b.json')).toBe('640\n{"id": 2}');
    expect(await host.out('systemctl is-enabled brain@one brain@two-b')).toBe('enabled\nenabled');
    expect(await deploy()).toMatchObject({ outcome: 'unchanged' });
  });

  it('may use those devices of the host that match, and no others', async () => {
    expect(await show('one', 'DevicePolicy')).toBe('closed');
    expect(await show('one', 'DeviceAllow')).toBe('/dev/nvidia0 rw\n/dev/nvgpu/igpu0/ctrl rw');
    // What the kernel itself lets through, where it can be asked: not with cgroups of version 2.
    const group = await show('one', 'ControlGroup');
    const list = await host.out(`cat /sys/fs/cgroup/devices${group}/devices.list || echo 'c 5:1 rw'`);
    expect(list.split('\n')).toContain('c 5:1 rw');
    expect(list).not.toMatch(/^a |c \*:\*/m);
  });

  it('take a changed setting of one, while the other goes on', async () => {
    const before = await host.out('cat /etc/systemd/system/brain@two-b.service.d/*');
    const [changed, started] = [await show('one', 'InvocationID'), await show('two-b', 'InvocationID')];
    project.write('experiments/one.env', 'RAM_LIMIT=128M\nCPU_QUOTA=50%\nPLAIN=3\n');
    const run = await project.fleet('deploy', '--all');
    expect(only(run)).toMatchObject({ outcome: 'deployed', generation: 2 });
    const planned = run.events.find(({ type }) => type === 'planned')?.plan as { changes: { text: string }[] };
    expect(planned.changes.map(({ text }) => text)).toEqual(['unit brain@one.service.d/50-fleet-instance.conf']);
    expect([await memory('one'), await memory('two-b')]).toEqual(['134217728', '536870912']);
    expect(await environ('one')).toContain('PLAIN=3');
    expect(await host.out('cat /etc/systemd/system/brain@two-b.service.d/*')).toBe(before);
    expect(await show('one', 'InvocationID')).not.toBe(changed);
    expect(await show('two-b', 'InvocationID')).toBe(started);
  });

  it.each([
    ['more than is allowed', ['one', 'two-b'], { MemoryMax: '512M' }, 'may take 640M of memory together'],
    ['one without settings', ['one', 'lost'], undefined, 'instance lost: the file experiments/lost.env does not exist'],
  ])('are refused before the host is contacted: %s', async (_what, names, atMost, words) => {
    project.playbook(playbook(names, atMost));
    const run = await project.fleet('deploy', '--all');
    expect(run).toMatchObject({ code: 2, summary: { exitCode: 2, hosts: [] } });
    expect(run.stderr).toContain(words);
  });

  it('that are named no longer are stopped, disabled and gone with all that was theirs', async () => {
    const pid = await show('two-b', 'MainPID');
    expect(await host.out(`cat /proc/${pid}/comm`)).toBe('sleep');
    project.playbook(playbook(['one']));
    expect(await deploy()).toMatchObject({ outcome: 'deployed', generation: 3 });
    expect(await host.out(`ls -d /proc/${pid} 2>/dev/null; find /etc/systemd /etc/brain -name '*two-b*'`)).toBe('');
    expect(await host.out("systemctl list-units --state=active --plain --no-legend 'brain@*' | cut -d' ' -f1")).toBe(
      'brain@one.service',
    );
    expect(await host.out('systemctl is-enabled brain@one brain@two-b; true')).toBe('enabled\ndisabled');
    expect(await memory('one')).toBe('134217728');
  });

  it('and services beside them are warned of when they come near their limit, and unhealthy when it is critical', async () => {
    // 210 of 256 MiB and what python itself takes: between 82 and 95 %. The start is over once it holds them.
    const hold = 'held = b"x" * (210 << 20); import time; open("/run/hoard", "w"); time.sleep(9999)';
    const unit = [
      '[Service]',
      `ExecStart=/usr/bin/python3 -c '${hold}'`,
      "ExecStartPost=/bin/sh -c 'until [ -e /run/hoard ]; do sleep 0.1; done'",
      'MemoryMax=256M\n[Install]\nWantedBy=multi-user.target\n',
    ];
    project.write('units/hoard.service', unit.join('\n'));
    const { tasks, ...rest } = playbook(['one']);
    const watched = (limits: object) => ({
      ...rest,
      tasks: [{ units: { from: 'units', enable: ['hoard.service'] } }, ...tasks.slice(1)],
      health: [{ memory: { unit: ['hoard.service', 'brain@one.service'], ...limits } }],
    });
    const near = /WARNING.* hoard\.service 2\d\d(\.\d)? of 256 MiB \((8[2-9]|9[0-4]) %\)/;

    project.playbook(watched({ critical: 95 }));
    const deployed = await project.human('deploy', '--all');
    expect(deployed).toMatchObject({ code: 0 });
    expect(deployed.stdout + deployed.stderr).toMatch(/check WARNING: memory hoard\.service, brain@one\.service/);
    const health = await project.human('health', '--all');
    expect(health).toMatchObject({ code: 0 });
    expect(health.stdout).toMatch(near);
    expect(health.stdout).not.toMatch(/brain@one\.service \d/);

    project.playbook(watched({ warn: 70, critical: 80 }));
    const critical = await project.fleet('health', '--all');
    expect(critical).toMatchObject({ code: 1 });
    expect(JSON.stringify(only(critical).failure)).toContain('critical is 80 %');
  });
});
