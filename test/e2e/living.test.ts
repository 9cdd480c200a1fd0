import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { fleetProject, type Project, type Run } from './fleet.ts';
import { drawn, type Hosts, startHosts, type TestHost } from './rig/index.ts';
import { KINDS, type Name } from './samples.ts';
import { story } from './story.ts';

const ROOT = '/opt/shop';
const NEEDLE = 'canary-living-5d1c';

/** Two services of one target; both say what they read at their start, and count. */
const service = (name: string) => `[Unit]
PartOf=shop.target

[Service]
WorkingDirectory=${ROOT}/current
EnvironmentFile=${ROOT}/.env
ExecStart=/bin/sh serve.sh ${name}
ExecReload=/bin/sh -c 'kill -USR1 $MAINPID'
Restart=on-failure
RestartSec=1

[Install]
WantedBy=shop.target
`;
const SERVE = `n=0
trap 'echo "$1 reloaded"' USR1
echo "$1 begins with $TOKEN"
while :; do n=$((n + 1)); echo "$1 line $n"; sleep 0.2; done
`;
const UNITS = {
  'api.service': service('api'),
  'work.service': service('work'),
  'shop.target': '[Unit]\nWants=api.service work.service\n[Install]\nWantedBy=multi-user.target\n',
};
const playbook = (hosts: readonly string[]) => ({
  ...{ name: 'shop', root: ROOT, hosts, deploy: { settle: '1s', deadline: '20s' } },
  tasks: [
    { sync: { from: 'app' } },
    { env: { from: 'secrets/app.env' } },
    { units: { from: 'units', enable: ['shop.target', 'api.service', 'work.service'] } },
  ],
  health: [{ unit: 'api.service' }],
});

type Standing = { readonly active: string; readonly pid: number };
type Row = { readonly unit: string; readonly was: Standing; readonly is: Standing };
type Worked = { readonly outcome: string; readonly work?: { readonly units: readonly Row[] } };

const stages = drawn(...Object.entries(KINDS));
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(Object.fromEntries(stages) as typeof KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

describe.each(stages)('living with it on %s', (name, kind) => {
  let project: Project;
  const host = (): TestHost => hosts[name as Name];
  beforeAll(async () => {
    project = await fleetProject({
      hosts: { [name]: host() },
      playbook: playbook([name]),
      units: UNITS,
      files: { 'app/serve.sh': SERVE },
      env: { TOKEN: NEEDLE },
    });
  });
  afterAll(() => project?.[Symbol.asyncDispose]());
  const step = story();
  const rows = (run: Run) => (run.summary?.hosts ?? []).flatMap((one) => (one as unknown as Worked).work?.units ?? []);
  const ways = (run: Run) => rows(run).map(({ unit, was, is }) => `${unit} ${was.active} ${is.active}`);

  step('one service is stopped and the other goes on; status and plan say who it was', async () => {
    expect((await project.fleet('deploy', '--all')).code).toBe(0);
    const run = await project.fleet('stop', 'work', '--all');
    expect({ code: run.code, ways: ways(run) }).toEqual({ code: 0, ways: ['work.service active inactive'] });
    const status = await project.human('status', '--all');
    expect(status.stdout).toMatch(/work\.service was stopped by \S+@\S+ \(/);
    expect(status.stdout).toMatch(/api\.service +active/);
    expect(status.stdout).toMatch(/api\.service +active \(running\) +\d+s +1 +\d+ +0 +[\d.]+ [KM]iB/);
    expect((await project.human('plan', '--all')).stdout).toMatch(/work\.service was stopped by /);
  });

  step('the target brings it back, and takes both along when it stops', async () => {
    const start = await project.fleet('start', 'shop.target', '--all');
    expect(start.code).toBe(0);
    expect(ways(start)).toContain('work.service inactive active');
    const stop = await project.fleet('stop', 'shop.target', '--all');
    expect(ways(stop)).toEqual(expect.arrayContaining(['api.service active inactive', 'work.service active inactive']));
    const again = await project.fleet('start', '*', '--all');
    expect(ways(again)).toEqual(
      expect.arrayContaining(['api.service inactive active', 'work.service inactive active']),
    );
    expect((await project.human('status', '--all')).stdout).not.toContain('was stopped');
  });

  step('restart gives another process, reload keeps it, kill ends it and Restart= decides', async () => {
    const restart = await project.fleet('restart', 'api', '--all');
    const [one] = rows(restart);
    expect(one?.is.pid).not.toBe(one?.was.pid);
    const reload = await project.fleet('reload', 'api', '--all');
    expect({ code: reload.code, pid: rows(reload)[0]?.is.pid }).toEqual({ code: 0, pid: one?.is.pid });
    const kill = await project.fleet('kill', 'api', '--signal', 'KILL', '--all');
    expect({ code: kill.code, ways: ways(kill) }).toEqual({ code: 0, ways: ['api.service active active'] });
    expect(rows(kill)[0]?.is.pid).not.toBe(one?.is.pid);
  });

  step('what is disabled stays down after a boot, and a deploy enables it again', async () => {
    expect((await project.fleet('disable', 'work', '--all')).code).toBe(0);
    expect((await project.human('status', '--all')).stdout).toMatch(/work\.service was disabled by /);
    if (kind.startsWith('systemd')) {
      expect(await host().sh('systemctl is-enabled work.service')).toMatchObject({ stdout: 'disabled\n' });
    }
    expect((await project.fleet('deploy', '--all')).code).toBe(0);
    expect((await project.human('status', '--all')).stdout).not.toContain('was disabled');
    expect((await project.fleet('plan', '--all', '--exit-code')).code).toBe(0);
  });

  step('the history tells what was done by hand, and a stranger hold keeps verbs off', async () => {
    const { stdout } = await project.human('history', '--all');
    for (const what of ['stop work.service', 'start shop.target', 'kill api.service', 'disable work.service'])
      expect(stdout).toMatch(new RegExp(`${what.replace('.', '\\.')}.* done `));
    await host().out(`printf '2026-01-01T00:00:00Z\\nbob@laptop\\ndisk swap\\n' >/var/lib/fleet/shop/hold`);
    expect((await project.fleet('restart', 'api', '--all')).code).toBe(3);
    await host().out('rm /var/lib/fleet/shop/hold');
    expect((await project.fleet('restart', 'api', '--all')).code).toBe(0);
    expect(await host().out('grep -rl canary-living /var/lib/fleet/shop/log /var/lib/fleet/shop/by-hand; true')).toBe(
      '',
    );
  });

  step('a command runs there as an account, and ssh goes the way that the inventory knows', async () => {
    const account = await host().out(`awk -F: '$3 != 0 { print $1; exit }' /etc/passwd`);
    const run = await project.human('run', '--all', '--as', account, '--', 'id', '-un');
    expect(run).toMatchObject({ code: 0, stdout: `${name} | ${account}\n` });
    expect((await project.human('run', '--all', '--', 'sh', '-c', 'exit 9')).code).toBe(9);
    const ssh = await project.human('ssh', name, '--', 'echo', 'by', 'ssh');
    expect({ code: ssh.code, stdout: ssh.stdout }).toEqual({ code: 0, stdout: 'by ssh\n' });
    expect((await project.human('ssh', name, '--', 'exit 5')).code).toBe(5);
  });

  step('logs are told in order, cleared of secrets, and each line once while they are followed', async () => {
    expect((await project.fleet('restart', 'api', '--all')).code).toBe(0);
    const past = await project.human('logs', 'api', '--all', '-n', '2000', '-o', 'raw');
    expect(past.code).toBe(0);
    expect(past.stdout).toContain('api begins with [secret TOKEN]');
    expect(past.stdout).not.toContain(NEEDLE);
    expect(past.stdout).not.toContain('work line');
    const two = await project.human('logs', '--all', '-n', '40');
    expect(two.stdout).toMatch(/ api\.service \| api line /);
    expect(two.stdout).toMatch(/ work\.service \| work line /);
    const times = two.stdout
      .trim()
      .split('\n')
      .map((line) => line.slice(0, 23));
    expect(times).toEqual(times.toSorted());
    if (kind.startsWith('systemd')) {
      const last = await project.human('logs', 'api', '--all', '--invocation', 'last', '-o', 'raw');
      expect(last.stdout.match(/begins with/g)).toHaveLength(1);
      const none = await project.human('logs', 'api', '--all', '--since', '2100-01-01', '-o', 'raw');
      expect(none).toMatchObject({ code: 0, stdout: '' });
    }
    expect((await project.human('logs', '--all', '--generation', '1', '-o', 'raw')).stdout).toContain(
      'begins with [secret',
    );
    const running = project.start(['logs', 'api', '-f', '-n', '1', '--all', '-o', 'raw']);
    await sleep(6000);
    running.child.kill('SIGINT');
    const { stdout } = await running.ended;
    const numbers = [...stdout.matchAll(/api line (\d+)/g)].map(([, n]) => Number(n));
    expect(numbers.length).toBeGreaterThan(8);
    expect(numbers).toEqual(numbers.map((_, i) => (numbers[0] ?? 0) + i));
  });
});
