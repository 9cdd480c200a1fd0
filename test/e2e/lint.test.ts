import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { drawn, startHost, type TestHost } from './rig/index.ts';
import { ask, ROOT, sample, UNIT } from './samples.ts';

describe.each(drawn('systemd-bullseye', 'systemd', 'systemd-trixie'))('units on a %s host', (kind) => {
  const dropIn = `units/${UNIT}.d/zz.conf`;
  let host: TestHost;
  let project: Project;
  const deploy = async () => only(await project.fleet('deploy', '--all'));

  beforeAll(async () => {
    host = await startHost('web', kind);
    const hostKey = host.hostKeys.filter((key) => key.startsWith('ssh-ed25519'));
    project = await fleetProject({ ...sample('web'), hosts: { web: { host, fields: { hostKey } } } });
  });
  afterAll(async () => {
    await project[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  it('that are right are taken, and run as they say', async () => {
    expect(await deploy()).toMatchObject({ outcome: 'deployed', generation: 1 });
  });

  it('may have settings that the host is too old for', async () => {
    project.write(dropIn, '[Service]\nRestartSteps=5\nRestartMaxDelaySec=60\n');
    expect(await deploy()).toMatchObject({ outcome: 'deployed', generation: 2 });
  });

  it.each([
    ['a line that its systemd drops', '\nStateDirectoryQuota=5%', `${UNIT}.d/zz.conf:3: Unknown`],
    [
      'a program that the release lacks',
      'ExecStart=\nExecStart=/opt/jarvis/current/no-such',
      '/opt/jarvis/current/no-such',
    ],
  ])('with %s are not switched to, and the host is as before', async (_what, lines, words) => {
    const { pid } = await ask(host);
    project.write(dropIn, `[Service]\n${lines}\n`);
    const ended = await deploy();
    expect(ended).toMatchObject({ outcome: 'reverted', generation: 2, failure: { kind: 'step-failed' } });
    expect(JSON.stringify(ended)).toContain(words);
    expect((await ask(host)).pid).toBe(pid);
    expect(await host.out('ls -a /var/lib/fleet/jarvis')).not.toContain('.verify');
  });

  it('with a limit that the host overrides go back, and say which', async () => {
    const byHand = `/etc/systemd/system/${UNIT}.d/zzz-by-hand.conf`;
    project.write(dropIn, '[Service]\nTasksMax=200\nMemoryMax=4G\n');
    await host.writeFile(byHand, '[Service]\nMemoryMax=1G\n');
    expect(await deploy()).toMatchObject({
      outcome: 'reverted',
      failure: {
        kind: 'not-as-meant',
        differences: [{ unit: UNIT, property: 'MemoryMax', meant: '4294967296', got: '1073741824' }],
      },
    });
    expect(await host.out(`readlink ${ROOT}/current`)).toBe('releases/2');
    await host.out(`rm ${byHand}`);
    expect(await deploy()).toMatchObject({ outcome: 'deployed' });
  });

  it('are checked instance by instance', async () => {
    project.remove(dropIn);
    const worker =
      '[Service]\nUser=jarvis\nExecStart=/bin/sleep 100%i\nMemoryMax=64M\n[Install]\nWantedBy=multi-user.target\n';
    project.write('units/w@.service', worker);
    project.write('units/w@2.service.d/more.conf', '[Service]\nMemoryMax=128M\n');
    const { playbook } = sample('web');
    const { tasks } = playbook as { tasks: readonly object[] };
    const units = { units: { from: 'units', enable: [UNIT, 'w@1.service', 'w@2.service'] } };
    project.playbook({ ...(playbook as object), tasks: tasks.map((task) => ('units' in task ? units : task)) });
    expect(await deploy()).toMatchObject({ outcome: 'deployed' });
    expect(await host.out('systemctl show -p MemoryMax --value w@1 w@2 | grep .')).toBe('67108864\n134217728');
  });
});
