import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, only, type Project } from './fleet.ts';
import { drawn } from './rig/drawn.ts';
import { startHost, type TestHost } from './rig/index.ts';
import { story } from './story.ts';

const ROOT = '/opt/many';

const TEMPLATE = `[Service]
WorkingDirectory=${ROOT}/current
ExecStart=/bin/sh exp.sh %i
Restart=on-failure
RestartSec=1
TimeoutStopSec=5
[Install]
WantedBy=multi-user.target
`;
/** Runs nothing of the release. */
const HELPER = '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n';

const NAMES = ['a', 'b', 'c', 'd'];
const UNITS = [...NAMES.map((name) => `exp@${name}.service`), 'helper.service'];

const playbook = (changes: object = {}) => ({
  ...{ name: 'many', root: ROOT, hosts: ['it'], keep: 1, deploy: { settle: '1s', deadline: '20s' } },
  tasks: [
    { sync: { from: 'app' } },
    { units: { from: 'units', enable: ['helper.service'] } },
    {
      instances: {
        of: 'exp@.service',
        names: NAMES,
        settings: 'settings/%i.env',
        directives: { Nice: 'NICE' },
        files: [{ from: 'settings/%i.json', to: '/etc/many/%i.json', mode: '0644' }],
      },
    },
  ],
  health: [{ unit: UNITS }],
  ...changes,
});

describe.each(drawn('systemd', 'plain'))('what a deploy restarts, on %s', (kind) => {
  let host: TestHost;
  let project: Project;
  const step = story();

  /** The process of each service, so that one that was restarted is told from one that was left alone. */
  const pids = async () => {
    const each = UNITS.map((unit) =>
      kind === 'systemd'
        ? `systemctl show -p MainPID --value ${unit}`
        : `sed -n 's/^MainPID=//p' /var/lib/fleet/many/run/${unit}/status`,
    );
    const found = (await host.out(each.join('; '))).split('\n');
    return new Map(UNITS.map((unit, i) => [unit, Number(found[i])]));
  };
  const deploy = async () => {
    const before = await pids();
    const ended = await project.fleet('deploy', '--all');
    const after = await pids();
    const restarted = UNITS.filter((unit) => before.get(unit) !== after.get(unit));
    const foretold = ended.events.flatMap(({ type, plan }) =>
      type === 'planned' ? (plan as { units: { unit: string; do: string }[] }).units : [],
    );
    const away = ended.events.flatMap(({ type, unit }) => (type === 'away' ? [String(unit)] : []));
    const kept = ended.events.flatMap(({ type, units }) => (type === 'kept' ? [units as string[]] : []));
    return {
      ...only(ended),
      restarted,
      kept,
      away,
      foretold: foretold.filter((one) => one.do !== 'leave').map(({ unit }) => unit),
    };
  };

  beforeAll(async () => {
    host = await startHost('it', kind);
    project = await fleetProject({
      hosts: { it: host },
      playbook: playbook(),
      units: { 'exp@.service': TEMPLATE, 'helper.service': HELPER },
      files: {
        'app/VERSION': 'one\n',
        'app/exp.sh': 'grep -q broken /etc/many/$1.json && exit 1\ncat VERSION >/tmp/$1\nwhile :; do sleep 1; done\n',
        ...Object.fromEntries(
          NAMES.flatMap((name) => [
            [`settings/${name}.env`, 'NICE=1\n'],
            [`settings/${name}.json`, '{}\n'],
          ]),
        ),
      },
    });
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  step('everything, the first time', async () => {
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed', generation: 1 });
    expect([...(await pids()).values()].every((pid) => pid > 1)).toBe(true);
  });

  step('one instance, when its limit changes: the others go on', async () => {
    project.write('settings/b.env', 'NICE=2\n');
    const done = await deploy();
    expect(done).toMatchObject({ outcome: 'deployed', restarted: ['exp@b.service'], foretold: ['exp@b.service'] });
    expect(done.away).toEqual(['exp@b.service']);
    expect(done.kept.flat().sort()).toEqual(UNITS.filter((unit) => unit !== 'exp@b.service').sort());
  });

  step('one instance, when its own file changes', async () => {
    project.write('settings/c.json', '{"id": 3}\n');
    expect(await deploy()).toMatchObject({
      outcome: 'deployed',
      restarted: ['exp@c.service'],
      foretold: ['exp@c.service'],
    });
  });

  step('what runs from the release, when the code changes', async () => {
    project.write('app/VERSION', 'two\n');
    const experiments = UNITS.slice(0, 4);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', restarted: experiments, foretold: experiments });
    expect(await host.out('cat /tmp/a /tmp/d')).toBe('two\ntwo');
  });

  step('only what it has touched, on the way back from one that does not stay up', async () => {
    project.write('settings/d.json', 'broken\n');
    const failed = await deploy();
    expect(failed).toMatchObject({ outcome: 'reverted', generation: 4, restarted: ['exp@d.service'] });
    expect(failed.failure?.message).toContain('exp@d.service');
    project.write('settings/d.json', '{}\n');
    expect(await deploy()).toMatchObject({ outcome: 'unchanged', restarted: [] });
  });

  step('only what differs, in a rollback', async () => {
    project.write('settings/a.json', '{"id": 1}\n');
    expect(await deploy()).toMatchObject({ outcome: 'deployed', restarted: ['exp@a.service'] });
    const before = await pids();
    expect(only(await project.fleet('rollback', '--all', '--yes'))).toMatchObject({
      outcome: 'rolled-back',
      generation: 4,
    });
    const after = await pids();
    expect(UNITS.filter((unit) => before.get(unit) !== after.get(unit))).toEqual(['exp@a.service']);
    expect(await host.out('cat /etc/many/a.json')).toBe('{}');
  });

  step('what uses a file that somebody has changed by hand, when it is put right; and what is down', async () => {
    project.write('settings/a.json', '{}\n');
    await host.out('echo other >/etc/many/b.json');
    expect(await deploy()).toMatchObject({
      outcome: 'deployed',
      restarted: ['exp@b.service'],
      foretold: ['exp@b.service'],
    });
    const pid = (await pids()).get('exp@c.service');
    await host.out(kind === 'systemd' ? 'systemctl stop exp@c' : `kill -TERM $(ps -o ppid= -p ${pid})`);
    expect(await deploy()).toMatchObject({
      outcome: 'deployed',
      restarted: ['exp@c.service'],
      foretold: ['exp@c.service'],
    });
  });

  step('and no release goes while something runs from it', async () => {
    // Kept is one; what was not restarted since runs from that of its own start.
    for (const id of [11, 12]) {
      project.write('settings/a.json', `{"id": ${id}}\n`);
      expect(await deploy()).toMatchObject({ outcome: 'deployed', restarted: ['exp@a.service'] });
    }
    const stands = await host.out(
      `for p in $(pgrep -fx '/bin/sh exp.sh .'); do d=$(readlink /proc/$p/cwd); [ -d "$d" ] && echo "$d"; done | sort -u`,
    );
    expect(stands.split('\n').length).toBeGreaterThan(1);
    expect(stands).not.toContain('deleted');
    // When they let go of it, it goes with the next deploy.
    const held = await host.out(`ls ${ROOT}/releases | wc -l`);
    for (const version of ['three', 'four']) {
      project.write('app/VERSION', `${version}\n`);
      expect(await deploy()).toMatchObject({ outcome: 'deployed' });
    }
    expect(Number(await host.out(`ls ${ROOT}/releases | wc -l`))).toBeLessThan(Number(held));
  });

  step('all of it where the playbook says always', async () => {
    project.playbook(playbook({ deploy: { settle: '1s', deadline: '20s', restart: 'always' } }));
    project.write('settings/a.json', '{"id": 20}\n');
    expect(await deploy()).toMatchObject({ outcome: 'deployed', restarted: UNITS });
  });
});
