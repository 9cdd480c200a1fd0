import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { weakened } from './attacks/weakened.ts';
import { cli, fleetProject, inventoryFields, type Project, said } from './fleet.ts';
import { throughHost } from './jump.ts';
import { docker } from './rig/docker.ts';
import { drawn, startHost, type TestHost } from './rig/index.ts';
import { eventually } from './samples.ts';
import { story } from './story.ts';

// The cron job on hosts that are ill in the ways that hosts are: what it says, and that it says it once.

const ROOT = '/opt/watched';
const SILENT = { stdout: '', stderr: '' };

/**
 * What is bad is asked three times before it is told of, ten seconds apart: so the first of these tests waits, and all
 * others have a build that asks as often and waits a second.
 */
const HASTY = { in: 'dist', text: 'again: 2,\n\teveryMs: 1e4,', by: 'again: 2,\n\teveryMs: 1e3,' };

/**
 * It shows that it lives, for as long as it does. `fall` ends it; `greed` makes it take more than it may have, which the kernel
 * ends where there is a limit, and where there is none the host had no more to give.
 */
const SERVE = `trap 'exit 0' TERM
has() { [ -e ${ROOT}/data/$1 ] && rm ${ROOT}/data/$1; }
while :; do
  date >${ROOT}/data/alive
  if has fall; then exit 5; fi
  if has greed; then
    echo 'taking all there is' >&2
    [ -z "$LIMITED" ] || exec python3 -c 'bytearray(400000000)'
    sh -c 'kill -KILL $$'; exit $?
  fi
  sleep 1 & wait $!
done
`;
const unit = (limits: string) => `[Service]
WorkingDirectory=${ROOT}/current
ExecStart=/bin/sh serve.sh
TimeoutStopSec=2
${limits}
[Install]
WantedBy=multi-user.target
`;
const playbook = (deploy: object = {}) => ({
  ...{ name: 'watched', root: ROOT, hosts: ['it', 'door', 'other'], data: ['data'] },
  deploy: { settle: '1s', deadline: '20s', restart: 'always', ...deploy },
  tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: ['watched.service'] } }],
  health: [{ file: { path: `${ROOT}/data/alive`, age: { critical: '5s' } } }],
});
const ALIVE = `file ${ROOT}/data/alive`;

const critical = (text: string) => text.split('\n').filter((line) => line.startsWith('CRITICAL'));

describe.each(drawn('systemd', 'plain'))('fleet health --cron, on %s', (kind) => {
  let [it, door, other]: TestHost[] = [];
  let project: Project;
  let way: Awaited<ReturnType<typeof throughHost>>;
  const step = story();
  const host = () => it as TestHost;
  const cron = (by = weakened([HASTY])) => project.start(['health', '--cron'], {}, by).ended;
  /** Makes what it writes older than it may be, which else takes as long. */
  const age = `touch -d '-6 seconds' ${ROOT}/data/alive`;
  const settled = async () => {
    for (let i = 0; i < 3; i += 1) if ((await cron()).stdout === '') return;
    throw new Error(`never silent: ${(await cron()).stdout}`);
  };
  const state = () =>
    host().out(
      kind === 'systemd'
        ? 'systemctl show -p ActiveState --value watched.service'
        : "sed -n 's/^ActiveState=//p' /var/lib/fleet/watched/run/watched.service/status",
    );
  const pid = () =>
    host().out(
      kind === 'systemd'
        ? 'systemctl show -p MainPID --value watched.service'
        : "sed -n 's/^MainPID=//p' /var/lib/fleet/watched/run/watched.service/status",
    );
  const inventory = (jump: boolean) => {
    const near = inventoryFields(host());
    const far = { ...near, port: way.port, jump: 'door' };
    const hosts = { it: jump ? far : near, door: inventoryFields(door as TestHost) };
    const rest = { other: inventoryFields(other as TestHost) };
    project.write('inventory/hosts.yaml', JSON.stringify({ hosts: { ...hosts, ...rest } }));
  };

  beforeAll(async () => {
    [it, door, other] = await Promise.all([
      startHost('it', kind),
      startHost('door', 'plain'),
      startHost('other', 'plain'),
    ]);
    way = await throughHost(door, host());
    project = await fleetProject({
      ...{ hosts: { it: host(), door, other }, playbook: playbook() },
      units: {
        'watched.service': unit(kind === 'systemd' ? 'MemoryMax=60M\nMemorySwapMax=0\nEnvironment=LIMITED=yes' : ''),
      },
      ...{ files: { 'app/serve.sh': SERVE, 'app/VERSION': 'one' } },
    });
    expect((await project.fleet('deploy', '--all')).code).toBe(0);
    await settled();
  });
  afterAll(async () => {
    await way?.[Symbol.asyncDispose]();
    await project?.[Symbol.asyncDispose]();
  });

  step('a service that is down is told once, with the command to type, and that it is well again', async () => {
    await host().out(`kill -TERM ${await pid()}`);
    await eventually(async () => expect(await state()).toBe('inactive'));
    await host().out(age);
    const bad = await cron(cli);
    expect(bad).toMatchObject({ code: 1, stderr: '' });
    expect(bad.stdout).toContain('watched on it: service watched.service: inactive');
    expect(bad.stdout).toContain('next: fleet health --host it --app watched');
    expect(await cron()).toEqual({ code: 1, ...SILENT });
    project.write('app/VERSION', 'two');
    expect((await project.fleet('deploy', '--host', 'it')).code).toBe(0);
    expect((await cron()).stdout).toContain('service watched.service is well again');
    await settled();
  });

  step('a service that hangs is up, and what it should do is not done', async () => {
    const hung = await pid();
    await host().out(`kill -STOP ${hung}; ${age}`);
    const bad = await cron();
    expect(critical(bad.stdout)).toEqual([expect.stringContaining(`watched on it: ${ALIVE}: changed`)]);
    await host().out(`kill -CONT ${hung}`);
    await eventually(() => host().out(`find ${ROOT}/data/alive -newermt '-3 seconds' | grep .`));
    expect((await cron()).stdout).toContain(`${ALIVE} is well again`);
    expect(await cron()).toEqual({ code: 0, ...SILENT });
  });

  step('a service that was killed for want of memory is told once, with that as its cause', async () => {
    const told = 'service watched.service';
    // What it leaves undone would be told of too, and here it is the service alone.
    project.playbook({ ...playbook(), health: [] });
    await host().out(`touch ${ROOT}/data/greed`);
    await eventually(async () => expect(await state()).toMatch(/^failed|^inactive/));
    const bad = await cron();
    expect(bad).toMatchObject({ code: 1, stderr: '' });
    expect(critical(bad.stdout)).toEqual([expect.stringContaining(`watched on it: ${told}: failed`)]);
    expect(bad.stdout).toMatch(/^ {2}.*kernel.* for want of memory/m);
    expect(bad.stdout).toMatch(/^ {2}.*raise MemoryMax=/im);
    expect(bad.stdout).toContain('  | taking all there is\n');
    expect(await cron()).toEqual({ code: 1, ...SILENT });
    project.write('app/VERSION', 'sated');
    expect((await project.fleet('deploy', '--host', 'it')).code).toBe(0);
    expect((await cron()).stdout).toContain(`${told} is well again`);
    await settled();
  });

  step('a host that has gone back by itself is told of once, and no service then', async () => {
    project.write('app/VERSION', 'falls');
    project.playbook({ ...playbook({ watch: { for: '10m', every: '1s', failures: 2 } }), health: [] });
    expect((await project.fleet('deploy', '--host', 'it')).code).toBe(0);
    expect(await cron()).toEqual({ code: 0, ...SILENT });
    const left = await host().out(`readlink ${ROOT}/current`);
    await host().out(`touch ${ROOT}/data/fall`);
    await eventually(async () => {
      const probation = await host().out('cat /var/lib/fleet/watched/probation /var/lib/fleet/watched/state');
      expect(probation).toMatch(/^state back$[\s\S]*^phase IDLE$/m);
    }, 60_000);
    const [, to] = /(\d+)$/.exec(await host().out(`readlink ${ROOT}/current`)) ?? [];
    const back = await cron();
    expect(back).toMatchObject({ code: 0, stderr: '' });
    expect(back.stdout).toContain(
      `watched on it: watch: the host went back by itself from generation ${left.replace('releases/', '')} to ${to} at `,
    );
    expect(critical(back.stdout)).toEqual([]);
    expect(await cron()).toEqual({ code: 0, ...SILENT });
    project.write('app/VERSION', 'stands');
    project.playbook(playbook());
    expect((await project.fleet('deploy', '--host', 'it')).code).toBe(0);
    await settled();
  });

  step('a deploy in the middle is no outage, also while nothing runs', async () => {
    project.write('app/VERSION', 'three');
    project.playbook(playbook({ settle: '7s', deadline: '60s' }));
    const deploy = project.start(['deploy', '--host', 'it', '--json']);
    await said(deploy, '"phase":"settle"');
    const stopped = await pid();
    await host().out(`kill -STOP ${stopped}; ${age}`);
    const during = await cron();
    await host().out(`kill -CONT ${stopped}`);
    expect(during).toEqual({ code: 0, ...SILENT });
    expect((await deploy.ended).code).toBe(0);
    await settled();
  });

  step('a transaction that is open past its time is critical', { timeout: 240_000 }, async () => {
    const state = '/var/lib/fleet/watched/state';
    project.write('app/VERSION', 'four');
    project.playbook(playbook({ settle: '5s', deadline: '8s' }));
    const deploy = project.start(['deploy', '--host', 'it', '--json']);
    await said(deploy, '"phase":"settle"');
    const runner = await host().out(`sed -n 's/^runner //p' ${state}`);
    await host().out(`kill -STOP ${runner}`);
    deploy.child.kill('SIGKILL');
    // The deadline, its settle time, and as long as the deadline for the way back.
    await sleep(22_000);
    const late = await cron();
    expect(late.stdout).toMatch(/CRITICAL .*watched on it: a change by \S+ is \w+ and should have ended \d+s ago/);
    expect(late.stdout).toContain('next: fleet status --host it --app watched');
    await host().out(`kill -KILL ${runner}`);
    project.playbook(playbook());
    expect((await project.fleet('deploy', '--host', 'it')).code).toBe(0);
    expect((await cron()).stdout).toContain('no transaction is left open any more');
    await settled();
  });

  step('a host that is down behind a jump host that is not', async () => {
    inventory(true);
    await settled();
    await way[Symbol.asyncDispose]();
    const bad = await cron();
    expect(critical(bad.stdout)).toEqual([expect.stringContaining('it cannot be looked at')]);
    expect(bad.stdout).toMatch(/ {2}hides \d+ checks/);
    way = await throughHost(door as TestHost, host());
    expect((await cron()).stdout).toContain('it answers again');
    await settled();
  });

  step('a jump host that is down is the only one that is told of', async () => {
    await docker(['stop', '--time', '0', (door as TestHost).id]);
    const bad = await cron();
    expect(critical(bad.stdout)).toEqual([expect.stringContaining('door cannot be looked at')]);
    expect(await cron()).toEqual({ code: 3, ...SILENT });
  });

  step('when none answers it is this machine, and one line when they are back', async () => {
    await docker(['stop', '--time', '0', (other as TestHost).id]);
    const bad = await cron();
    expect(critical(bad.stdout)).toEqual([expect.stringContaining('none of the 3 hosts answers')]);
    expect(await cron()).toEqual({ code: 3, ...SILENT });
    for (const one of [door, other] as TestHost[]) {
      await docker(['start', one.id]);
      await one.ready();
    }
    await way[Symbol.asyncDispose]();
    way = await throughHost(door as TestHost, host());
    const back = (await cron()).stdout;
    expect(back).toContain('hosts answer again');
    expect(back).toContain('door answers again');
    expect(critical(back)).toEqual([]);
  });

  step('the line stands in a real crontab beside all others, and goes alone', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'crontab-'));
    const script = `#!/bin/sh\nexec docker exec -i ${host().id} crontab "$@"\n`;
    writeFileSync(join(bin, 'crontab'), script, { mode: 0o755 });
    const PATH = `${bin}:/usr/bin:/bin`;
    const run = (...words: readonly string[]) => project.start(['health', ...words, '--yes'], { PATH }).ended;
    const before = await host().sh('crontab -l');
    expect(await run('--install-cron')).toMatchObject({ code: 0, stderr: '' });
    await host().out("(crontab -l; echo '# mine'; echo '0 3 * * * true') | crontab -");
    expect(await run('--install-cron', '--every', '1h')).toMatchObject({ code: 0, stderr: '' });
    const lines = (await host().out('crontab -l')).split('\n');
    expect(lines.slice(-3)).toEqual([
      expect.stringMatching(/^0 \* .* health --cron --every 1h /),
      '# mine',
      '0 3 * * * true',
    ]);
    expect(await run('--uninstall-cron')).toMatchObject({ code: 0, stderr: '' });
    const rest = before.code === 0 ? before.stdout : '';
    expect((await host().sh('crontab -l')).stdout).toBe(`${rest}# mine\n0 3 * * * true\n`);
    rmSync(bin, { recursive: true });
  });
});
