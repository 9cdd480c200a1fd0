import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Project } from '../fleet.ts';
import { startHost, type TestHost } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { story } from '../story.ts';
import { ask, call, DASHBOARD, ended, HOST, PROGRAMS, ROOT, setHost, show, VOICE, xswarmOn } from './xswarm.ts';

const INSTANCES = [1, 2, 3].map((n) => `xswarm-voice@${n}.service`);
const LIMITS = ['MemoryMax', 'MemoryHigh', 'CPUQuotaPerSecUSec', 'TasksMax', 'RestartUSec', 'StartLimitBurst'];
const DOWN = ['Stopping dashboard', 'Stopped dashboard', 'Stopping voice', 'Stopped voice'];
const UP = ['Starting voice', 'Started voice', 'Starting dashboard', 'Started dashboard'];
const UNITS = '/etc/systemd/system';
const GiB = 1024 ** 3;

const said = (run: { stdout: string; stderr: string }) => run.stdout + run.stderr;

// One story on one host, in order: what one test leaves the next one finds.
describe('xSwarm as it is shipped', () => {
  const step = story();
  let host: TestHost;
  let project: Project;
  let first: readonly string[];
  let firstPrograms: string;
  let firstScheduling: string;

  const deploy = () => ended(project.fleet('deploy', '--all'));
  const rollback = (...more: readonly string[]) => ended(project.fleet('rollback', '--all', ...more));
  const programs = () => host.out(`sha256sum ${PROGRAMS.join(' ')}`);
  /** All that a generation is: code, units, settings, and who is enabled. */
  const standing = () =>
    host.manifest([...['', '/target', '/config.toml'].map((path) => `${ROOT}/current${path}`), `${ROOT}/.env`, UNITS]);
  const pid = async (unit: string) => (await show(host, unit, ['MainPID'])).MainPID;
  /** What systemd did with the two, in order, e.g. `Started voice`. */
  const steps = async (since: string) => {
    const log = await host.out(`journalctl -q --no-pager -o cat _PID=1 --since=@${since}`);
    return [...log.matchAll(/^(Start|Stopp)(ing|ed) xswarm-(voice|dashboard)\.service/gm)].map(
      ([, verb, end, unit]) => `${verb}${end} ${unit}`,
    );
  };
  const now = () => host.out('date +%s.%6N');
  const complaints = (since: string) =>
    host.out(`journalctl -q --no-pager -o cat -p warning -u ${VOICE} --since=@${since}`);
  const scheduling = async () =>
    host.out(`p=${await pid(VOICE)}; chrt -p $p | sed "s,.*current,,"; ionice -p $p; ps -o ni= -p $p`);
  const edit = (path: string, change: (text: string) => string) =>
    project.write(path, change(readFileSync(join(project.folder, path), 'utf8')));

  beforeAll(async () => {
    host = await startHost(HOST, 'systemd');
    project = await xswarmOn(host);
    const git = (...words: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=o', '-c', 'user.email=o@localhost', ...words], { cwd: project.folder });
    git('init', '-q');
    git('add', 'units', 'playbooks', 'test');
    git('commit', '-qm', 'as shipped');
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  step('is built on the host by its own account, and what was built belongs to root', async () => {
    const done = await deploy();
    expect(done).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 1 });
    expect(done.run.stdout).toContain('built target/release/xswarm-voice 1.0.0 as xswarm');
    const built = await host.out(`stat -c '%n %U %G %a' ${PROGRAMS.join(' ')} ${ROOT}/current/config.toml`);
    expect(built.split('\n')).toEqual([
      ...PROGRAMS.map((program) => `${program} root xswarm 755`),
      `${ROOT}/current/config.toml root xswarm 640`,
    ]);
    expect(await host.out('getent passwd xswarm | cut -d: -f6-')).toMatch(/^\/opt\/xswarm:.*nologin$/);
    for (const folder of ['/var/lib/xswarm', '/var/log/xswarm'])
      expect(await host.out(`stat -c '%U %G %a' ${folder}`)).toBe('xswarm xswarm 750');
    [first, firstPrograms, firstScheduling] = [await standing(), await programs(), await scheduling()];
  });

  step('runs both services enabled, with their limits, delays and status, hardened to 2.0 and better', async () => {
    const states = ['LoadState', 'UnitFileState', 'ActiveState', 'SubState', 'CanReload', 'StatusText', 'User'];
    expect(await show(host, VOICE, [...states, ...LIMITS])).toEqual({
      ...{ LoadState: 'loaded', UnitFileState: 'enabled', ActiveState: 'active', SubState: 'running' },
      ...{ CanReload: 'yes', StatusText: 'Voice bridge running (0 active calls)', User: 'xswarm' },
      ...{ MemoryMax: `${16 * GiB}`, MemoryHigh: `${14 * GiB}`, CPUQuotaPerSecUSec: '4s', TasksMax: '1024' },
      ...{ RestartUSec: '10s', StartLimitBurst: '10' },
    });
    expect(await show(host, DASHBOARD, [...states, ...LIMITS])).toEqual({
      ...{ LoadState: 'loaded', UnitFileState: 'enabled', ActiveState: 'active', SubState: 'running' },
      ...{ CanReload: 'no', User: 'xswarm' },
      StatusText: 'Dashboard running (1 of 1 voice bridges up, active calls: 0)',
      ...{ MemoryMax: `${GiB}`, MemoryHigh: `${GiB / 2}`, CPUQuotaPerSecUSec: '1s', TasksMax: '256' },
      ...{ RestartUSec: '10s', StartLimitBurst: '10' },
    });
    for (const unit of [VOICE, DASHBOARD]) {
      const score = await host.out(`systemd-analyze security --no-pager ${unit} | grep -o 'service: [0-9.]*'`);
      expect(Number(score.slice('service: '.length))).toBeLessThanOrEqual(2);
    }
  });

  step('takes real calls over WebSocket, says how many there are, and lets nobody in without the token', async () => {
    const two = await call(host, { calls: 2, meanwhile: `systemctl show -p StatusText --value ${VOICE}` });
    expect(two).toEqual({
      calls: Array(2).fill({ type: 'started', instance: '', echo: true }),
      meanwhile: 'Voice bridge running (2 active calls)',
    });
    await eventually(async () => expect(await ask(host, 9998)).toMatchObject({ active: 0, most: 8 }));
    expect((await call(host, { token: 'wrong' })).calls).toEqual([{ closed: 1008 }]);
    expect(await ask(host, 9999)).toMatchObject({ status: 200, ok: true, bridges: { 9998: { ok: true } } });
  });

  step(
    'reads config.toml again on a reload, without ending anything, and keeps what it had when the file is broken',
    async () => {
      const [before, since] = [await pid(VOICE), await now()];
      const reload = (from: string, to: string) =>
        host.out(`sed -i 's/^${from}$/${to}/' ${ROOT}/current/config.toml && systemctl reload ${VOICE}`);
      const limit = (most: number) => eventually(async () => expect(await ask(host, 9998)).toMatchObject({ most }));
      await reload('max_concurrent_calls = 8', 'max_concurrent_calls = 3');
      await limit(3);
      await reload('max_concurrent_calls = 3', 'max_concurrent_calls = many');
      await eventually(async () => expect(await complaints(since)).toContain('all stays as it was'));
      await limit(3);
      await reload('max_concurrent_calls = many', 'max_concurrent_calls = 8');
      await limit(8);
      expect(await pid(VOICE)).toBe(before);
    },
  );

  step('starts the dashboard once the bridge is up; ten restarts leave nothing in the log', async () => {
    await host.out(`systemctl stop ${DASHBOARD} ${VOICE}`);
    const since = await now();
    // It wants the bridge, so that both come in one transaction of systemd.
    await host.out(`systemctl start ${DASHBOARD}`);
    await eventually(async () => expect(await steps(since)).toEqual(UP));

    // By hand the start limit would end it at ten; fleet clears that before each start, as is done here.
    await host.out(
      `for i in 1 2 3 4 5 6 7 8 9 10; do systemctl reset-failed ${VOICE}; systemctl restart ${VOICE}; done`,
    );
    expect(await complaints(since)).toBe('');
    expect(await show(host, VOICE, ['ActiveState', 'NRestarts'])).toEqual({ ActiveState: 'active', NRestarts: '0' });
    await eventually(async () => expect(await ask(host, 9999)).toMatchObject({ status: 200 }));
  });

  step('is back by itself about ten seconds after it was killed, and the dashboard says so meanwhile', async () => {
    const since = await now();
    const died = Date.now();
    await host.out(`kill -9 ${await pid(VOICE)}`);
    await eventually(async () => expect(await ask(host, 9999)).toMatchObject({ status: 503, ok: false }));
    await eventually(async () => expect(await ask(host, 9998)).toMatchObject({ status: 200 }), 20_000);
    expect(Date.now() - died).toBeGreaterThan(9_500);
    expect(Date.now() - died).toBeLessThan(16_000);
    expect(await show(host, VOICE, ['NRestarts'])).toEqual({ NRestarts: '1' });
    // The same look that found nothing after ten restarts.
    expect(await complaints(since)).toContain("Failed with result 'signal'");
  });

  step('config.toml with another limit is a new generation, and the limit holds', async () => {
    setHost(project, { vars: { max_concurrent_calls: 1 } });
    edit('test/apps/xswarm/VERSION', () => '1.1.0\n');
    const done = await deploy();
    expect(done).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 2 });
    expect(await ask(host, 9998)).toMatchObject({ version: '1.1.0', most: 1 });
    expect((await call(host, { calls: 2 })).calls).toEqual([expect.objectContaining({ echo: true }), { closed: 1013 }]);
    expect(await standing()).not.toEqual(first);
  });

  step('a build that fails leaves the running services alone and is quoted', async () => {
    const before = [await standing(), await pid(VOICE), await pid(DASHBOARD)];
    edit('test/apps/xswarm/src/voice/bridge.py', (text) => text.replace('def report(self)', 'def report(self'));
    const done = await deploy();
    expect(done).toMatchObject({ code: 1, outcome: 'reverted', generation: 2, failure: { kind: 'step-failed' } });
    expect(said(done.run)).toMatch(/src\/voice\/bridge\.py.*line \d+.*SyntaxError/s);
    expect([await standing(), await pid(VOICE), await pid(DASHBOARD)]).toEqual(before);
    edit('test/apps/xswarm/src/voice/bridge.py', (text) => text.replace('def report(self', 'def report(self)'));
  });

  step('a config.toml that the bridge refuses is taken back, with the bridge’s own words', async () => {
    const before = await standing();
    setHost(project, { vars: { max_concurrent_calls: 0 } });
    const done = await deploy();
    expect(done).toMatchObject({ code: 1, outcome: 'reverted', generation: 2 });
    expect(said(done.run)).toContain('config.toml: voice.bridge.max_concurrent_calls must be 1 or more');
    expect(await standing()).toEqual(before);
    expect(await ask(host, 9998)).toMatchObject({ version: '1.1.0', most: 1 });
  });

  step(
    'history has date and source of each generation, and a rollback brings the first back byte for byte',
    async () => {
      const commit = execFileSync('git', ['rev-parse', '--short=10', 'HEAD'], {
        cwd: project.folder,
        encoding: 'utf8',
      });
      const { stdout } = await project.human('history', '--all');
      expect(stdout).toMatch(new RegExp(`1 +good +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d .* ${commit.trim()}`));
      expect(await programs()).not.toBe(firstPrograms);
      expect(await rollback()).toMatchObject({ failure: null, outcome: 'rolled-back', generation: 1 });
      expect(await standing()).toEqual(first);
      expect(await programs()).toBe(firstPrograms);
      expect(await ask(host, 9998)).toMatchObject({ version: '1.0.0', most: 8 });
    },
  );

  step(
    'profile throughput gives way in time and at the disk; latency is real time, or goes back where that is forbidden',
    async () => {
      setHost(project, { vars: { profile: 'throughput' } });
      expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
      const throughput = await scheduling();
      expect(throughput).toMatch(/SCHED_OTHER[\s\S]*best-effort: prio 7\n +10$/);

      setHost(project, { vars: { profile: 'latency' } });
      const latency = await deploy();
      const allowed = `systemd-run -q --wait -p CPUSchedulingPolicy=fifo -p CPUSchedulingPriority=20 -p CPUQuota=400% true`;
      if ((await host.sh(allowed)).code === 0) {
        expect(latency).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
        expect(await scheduling()).toMatch(/SCHED_FIFO\|SCHED_RESET_ON_FORK\n.*priority: 20\n/);
        expect(await rollback()).toMatchObject({ failure: null, outcome: 'rolled-back' });
      } else {
        expect(latency).toMatchObject({ code: 1, outcome: 'reverted' });
        expect(said(latency.run)).toMatch(/214.*CPUSchedulingPolicy= could not be set/s);
      }
      expect(await scheduling()).toBe(throughput);
    },
  );

  step(
    'changes from one bridge to three in one transaction, each on a port of its own and none needing another',
    async () => {
      setHost(project, { groups: ['xswarm', 'xswarm-instances'] });
      // For the way back: the third does not stop when it is asked to.
      edit('units/xswarm/settings/3.env', (text) => `${text}XSWARM_FAULT=ignore-stop\n`);
      project.write('units/xswarm/instances/xswarm-voice@.service.d/fast.conf', '[Service]\nTimeoutStopSec=3\n');
      expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
      for (const [i, port] of [9998, 10000, 10001].entries())
        expect((await call(host, { port })).calls).toEqual([{ type: 'started', instance: `${i + 1}`, echo: true }]);
      expect(await show(host, VOICE, ['LoadState', 'ActiveState'])).toEqual({
        LoadState: 'not-found',
        ActiveState: 'inactive',
      });

      const before = await Promise.all(INSTANCES.map(pid));
      await host.out(`kill -9 ${before[1]}`);
      const bridges = { 9998: { ok: true }, 10000: { ok: false }, 10001: { ok: true } };
      await eventually(async () => expect(await ask(host, 9999)).toMatchObject({ status: 503, bridges }));
      expect(await Promise.all(INSTANCES.map(pid))).toEqual([before[0], '0', before[2]]);
    },
  );

  step('a port that two services of a host would listen on is refused before any host is asked', async () => {
    expect((await project.human('check')).code).toBe(0);
    edit('units/xswarm/settings/2.env', (text) => text.replace('10000', '9999'));
    const { code, stderr } = await project.human('check');
    expect(code).toBe(2);
    expect(stderr).toMatch(/9999/);
    for (const unit of ['xswarm-voice@2.service', DASHBOARD]) expect(stderr).toContain(unit);
    edit('units/xswarm/settings/2.env', (text) => text.replace('9999', '10000'));
  });

  step(
    'changes back from three to one in one transaction, to the first byte, also when one does not want to stop',
    async () => {
      const since = await now();
      expect(await rollback('--to', '1')).toMatchObject({ failure: null, outcome: 'rolled-back', generation: 1 });
      expect(await standing()).toEqual(first);
      expect(await scheduling()).toBe(firstScheduling);
      const killed = (n: number) =>
        host.out(`journalctl -q -o cat -u xswarm-voice@${n} --since=@${since} | grep -c "timed out. Killing" || :`);
      expect([await killed(1), await killed(3)]).toEqual(['0', '1']);
      expect(await show(host, VOICE, ['ActiveState', 'UnitFileState'])).toEqual({
        ActiveState: 'active',
        UnitFileState: 'enabled',
      });
      expect(await host.out("systemctl list-units --plain --no-legend 'xswarm-voice@*'")).toBe('');
    },
  );

  step('both come back after a reboot, the bridge first', async () => {
    const since = await now();
    await host.reboot();
    await eventually(async () => expect(await ask(host, 9999)).toMatchObject({ status: 200 }));
    await eventually(async () => expect((await steps(since)).slice(-4)).toEqual(UP));
    expect((await project.fleet('health', '--all')).code).toBe(0);
  });

  step(
    'a full rollback that keeps data stops the dashboard first, and leaves the settings, the account and what the bridge stored, and nothing else',
    async () => {
      const since = await now();
      await host.out('echo kept >/var/lib/xswarm/recording');
      expect(await rollback('--full', '--keep-data', '--yes')).toMatchObject({ code: 0, outcome: 'removed' });
      await eventually(async () => expect(await steps(since)).toEqual(DOWN));
      expect(
        await host.out(`ls -A ${ROOT}; ls ${UNITS} | grep xswarm; cat /var/lib/xswarm/recording; id -un xswarm`),
      ).toBe('.env\nkept\nxswarm');
      expect(await host.out('systemctl list-units --plain --no-legend "xswarm*"')).toBe('');
      expect((await host.sh('ls -d /var/log/xswarm')).code).not.toBe(0);
    },
  );
});
