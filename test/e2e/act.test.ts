import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { type Little, little, standing } from './little.ts';
import { drawn, heat, startHost, type TestHost } from './rig/index.ts';
import { eventually } from './samples.ts';
import { story } from './story.ts';

describe('a board that gets hot', () => {
  const step = story();
  let host: TestHost;
  let project: Project;
  const app: Little = little('oven', ['it'], {
    act: { every: '1s', heat: { throttle: 75, stop: 85 } },
    defaultChecks: false,
  });
  beforeAll(async () => {
    host = await startHost('it', 'jetson');
    await heat(host, 50);
    const units = { ...app.parts.units, 'oven.service.d/own.conf': '[Service]\nCPUQuota=80%\n' };
    project = await fleetProject({ ...app.parts, units, hosts: { it: host } });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });
  const service = () => host.out('systemctl show -p ActiveState,CPUQuotaPerSecUSec --value oven.service | sort');
  const is = (...words: readonly string[]) =>
    eventually(async () => expect((await service()).split('\n')).toEqual(words.toSorted()), 30_000);
  const health = async () => (await project.human('health', '--all')).stdout;

  step('is throttled, stopped, and started again when it has cooled down, whatever else is there', async () => {
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed', generation: 1 });
    await is('active', '800ms');
    expect(await health()).toMatch(/act +ok .*nothing had to be done/);
    await heat(host, 76);
    await is('active', '500ms');
    expect(await health()).toMatch(/act +WARNING .*too warm since \S+; oven\.service slowed down at \S+: 76 °C/);
    // It is fleet's own, and no drift.
    expect((await project.human('status', '--all')).stdout).not.toContain('not from fleet');
    await heat(host, 86);
    await is('inactive', '500ms');
    expect(await health()).toMatch(/act +FAILED .*stopped for heat since/);
    // Not yet.
    await heat(host, 81);
    await new Promise((done) => setTimeout(done, 4000));
    await is('inactive', '500ms');
    await heat(host, 79);
    await is('active', '500ms');
    await heat(host, 69);
    await is('active', '800ms');
    const all = ['slowed down', 'stopped', 'started again, slowed down', 'at full speed'].join('\n');
    await eventually(async () => expect(await host.out('cut -f 2 /var/lib/fleet/oven/acts')).toBe(all));
  });

  step('does so again after a reboot, and lets a deploy have the services as they are meant', async () => {
    await host.reboot();
    await heat(host, 76);
    await is('active', '500ms');
    project.write('app/VERSION', 'two\n');
    const run = await project.fleet('deploy', '--all');
    expect(only(run)).toMatchObject({ outcome: 'deployed', generation: 2, failure: null });
    // It is still as hot as it was.
    await is('active', '500ms');
    await host.out('systemctl kill -s KILL fleet-act-oven.service');
    await heat(host, 60);
    await is('active', '800ms');
    expect(await standing(host, app)).toEqual(['releases/2', 'two', 'IDLE']);
  });

  step('and nothing of it is left when the app is taken away', async () => {
    expect(only(await project.fleet('rollback', '--full', '--all', '--yes'))).toMatchObject({ outcome: 'removed' });
    expect(await host.out('ls /etc/systemd/system /etc/systemd/system/multi-user.target.wants')).not.toContain(
      'fleet-act',
    );
    await eventually(async () => expect(await host.out('systemctl list-units --plain --no-legend "fleet-*"')).toBe(''));
  });
});

describe('a service that hangs', () => {
  it.each(drawn('plain', 'busybox'))('is restarted by its host, on %s', { timeout: 180_000 }, async (kind) => {
    await using host = await startHost('it', kind);
    const root = '/opt/stall';
    const when = { command: { command: ['test', '!', '-e', `${root}/hung`] } };
    const act = { every: '1s', hung: [{ unit: 'stall.service', when, failures: 2 }] };
    const app = little('stall', ['it'], { act });
    await using project = await fleetProject({ ...app.parts, hosts: { it: host } });
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed' });
    const pid = () => host.out("sed -n 's/^MainPID=//p' /var/lib/fleet/stall/run/stall.service/status");
    const before = await pid();
    await host.out(`touch ${root}/hung`);
    await eventually(async () => expect(await pid()).not.toBe(before), 30_000);
    await host.out(`rm ${root}/hung`);
    const told = `restarted\tcommand test ! -e ${root}/hung failed 2 times`;
    await eventually(async () => expect(await host.out('cut -f 2,3 /var/lib/fleet/stall/acts')).toContain(told));
    // A power cut ends nothing of it for good, where something starts it at boot.
    if (kind === 'plain') {
      await host.kill();
      await host.start();
      await eventually(
        async () =>
          expect(await host.out('cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "')).toContain(' act look'),
        30_000,
      );
    }
  });
});
