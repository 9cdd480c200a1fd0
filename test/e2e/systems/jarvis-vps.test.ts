import { afterAll, beforeAll, describe, expect } from 'vitest';
import { type HostSummary, only, type Project, type Run } from '../fleet.ts';
import { type Hosts, startHosts, type TestHost } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { story } from '../story.ts';
import {
  answers,
  exposure,
  health,
  inMode,
  openPositions,
  positions,
  programs,
  SHORT,
  shorten,
  show,
} from './jarvis.ts';
import { shippedProject } from './project.ts';

const ROOT = '/home/jarvis/Jarvis';
const UNIT = 'jarvis-supervisor.service';

// One story on the two hosts of the plan: what a test leaves the next one finds.
describe('the VPS plan', () => {
  const step = story();
  let hosts: Hosts<{ main: 'systemd'; claw: 'plain' }>;
  let project: Project;
  let before: string;
  const main = () => hosts.main;
  const on = (run: Run, name: string): HostSummary | undefined => run.summary?.hosts.find(({ host }) => host === name);
  const pid = async () => Number((await show(main(), UNIT, 'MainPID')).MainPID);
  const shipped = (vars: object = {}) =>
    shippedProject({
      app: 'jarvis',
      hosts: { 'jarvis-main': { host: hosts.main, fields: { vars } }, clawdbot: hosts.claw },
      changes: SHORT,
    });

  beforeAll(async () => {
    hosts = await startHosts({ main: 'systemd', claw: 'plain' });
    // As the plan finds it: the account is there and has a home; the other host has neither.
    await main().out('useradd -m jarvis');
    project = await shipped();
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await hosts?.[Symbol.asyncDispose]();
  });

  step('leaves a host alone whose Python is too old', async () => {
    await using fussy = await shipped({ python: '3, 99' });
    const refused = await fussy.fleet('deploy', '--host', 'jarvis-main');
    expect({ code: refused.code, ...only(refused) }).toMatchObject({ code: 3, outcome: 'untouched' });
    expect(await main().out('ls /home/jarvis; ls -d /var/lib/fleet 2>/dev/null; true')).toBe('');
  });

  step(
    'runs on both hosts by the shipped inventory, with systemd and without, and one of them polls Telegram',
    async () => {
      const run = await project.fleet('deploy', '--all');
      expect(run.code).toBe(0);
      for (const name of ['jarvis-main', 'clawdbot'])
        expect(on(run, name)).toMatchObject({ failure: null, outcome: 'deployed', generation: 1 });
      expect(await answers(main(), ['supervisor'])).toMatchObject([{ polling: true }]);
      expect(await answers(hosts.claw, ['supervisor'])).toMatchObject([{ polling: false }]);
      for (const host of [main(), hosts.claw]) {
        const { pid: running } = await health(host, 8000);
        expect(await host.out(`stat -c %U /proc/${running}; stat -c '%U %a' ${ROOT}/.env`)).toBe('jarvis\njarvis 600');
      }
      before = await openPositions(main(), ROOT);
      await main().out(`mkdir ${ROOT}/data/kept`);
    },
  );

  step('is not deployed to another root on top: positions and services would stay in the old one', async () => {
    await using moved = await shippedProject({
      app: 'jarvis',
      hosts: { 'jarvis-main': { host: main(), fields: inMode('supervisor') } },
      changes: SHORT,
    });
    const refused = await moved.fleet('deploy', '--all');
    expect({ code: refused.code, ...only(refused) }).toMatchObject({ code: 3, outcome: 'untouched' });
    expect(refused.stderr).toContain(`gone from ${ROOT}`);
    expect(await programs(main())).toEqual(['supervisor']);
    expect(await main().out('ls -d /opt/jarvis 2>/dev/null; true')).toBe('');
  });

  step('every directive of the plan is what systemd runs with', async () => {
    expect(
      await show(
        main(),
        UNIT,
        ...['Type', 'User', 'Group', 'WorkingDirectory', 'EnvironmentFiles', 'Restart', 'RestartUSec'],
        ...['StartLimitIntervalUSec', 'StartLimitBurst', 'TimeoutStartUSec', 'TimeoutStopUSec', 'WatchdogUSec'],
        ...['NoNewPrivileges', 'ProtectSystem', 'ProtectHome', 'PrivateTmp', 'ReadWritePaths'],
        ...['MemoryMax', 'CPUQuotaPerSecUSec', 'StandardOutput', 'StandardError', 'SyslogIdentifier'],
        ...['ActiveState', 'UnitFileState', 'Result'],
      ),
    ).toEqual({
      ...{ Type: 'notify', User: 'jarvis', Group: 'jarvis', WorkingDirectory: `${ROOT}/current` },
      ...{ EnvironmentFiles: '/var/lib/fleet/jarvis/env (ignore_errors=no)', Restart: 'always', RestartUSec: '8s' },
      ...{ StartLimitIntervalUSec: '10min', StartLimitBurst: '10' },
      ...{ TimeoutStartUSec: '1min', TimeoutStopUSec: '30s', WatchdogUSec: '5min' },
      ...{ NoNewPrivileges: 'yes', ProtectSystem: 'strict', ProtectHome: 'read-only', PrivateTmp: 'yes' },
      ReadWritePaths: `${ROOT}/logs ${ROOT}/data ${ROOT}/.lifeos -/var/log/jarvis`,
      ...{ MemoryMax: String(4 * 1024 ** 3), CPUQuotaPerSecUSec: '900ms' },
      ...{ StandardOutput: 'journal', StandardError: 'journal', SyslogIdentifier: 'jarvis-supervisor' },
      ...{ ActiveState: 'active', UnitFileState: 'enabled', Result: 'success' },
    });
    expect(await main().out(`systemctl show ${UNIT} -p ExecStart -p ExecReload -p After -p Wants`)).toMatch(
      /(?=[\s\S]*python3 bots\/supervisor\.py)(?=[\s\S]*kill -HUP)(?=[\s\S]*After=.*network-online)(?=[\s\S]*Wants=.*network-online)/,
    );
    expect(await main().sh(`systemd-analyze verify --man=no ${UNIT}`)).toMatchObject({ code: 0, stderr: '' });
    expect(await main().sh('logrotate -d /etc/logrotate.d/jarvis')).toMatchObject({ code: 0 });
    expect(await exposure(main(), UNIT)).toBeLessThanOrEqual(2);
  });

  step('restarts the supervisor once a week, where the inventory says so', async () => {
    expect(await show(main(), 'jarvis-restart.timer', 'ActiveState', 'UnitFileState', 'TimersCalendar')).toEqual({
      ActiveState: 'active',
      UnitFileState: 'enabled',
      TimersCalendar: expect.stringContaining('OnCalendar=Sun *-*-* 04:00:00'),
    });
    const was = await pid();
    await main().out('systemctl start jarvis-restart.service');
    expect(await pid()).not.toBe(was);
    await main().out(`systemctl stop ${UNIT} && systemctl start jarvis-restart.service`);
    expect(await show(main(), UNIT, 'ActiveState')).toEqual({ ActiveState: 'inactive' });
    await main().out(`systemctl start ${UNIT}`);
  });

  step('is back within ten seconds after kill -9, on both hosts', async () => {
    const killed = async (host: TestHost) => {
      const { pid: was } = await health(host, 8000);
      const begun = Date.now();
      await host.out(`kill -9 ${was}`);
      expect((await eventually(() => health(host, 8000), 15_000)).pid).not.toBe(was);
      return (Date.now() - begun) / 1000;
    };
    const [, plain] = await Promise.all([killed(main()), killed(hosts.claw)]);
    // With the time that asking takes; systemd itself says to the microsecond how long it was down.
    expect(plain).toBeLessThan(12);
    const { ActiveExitTimestampMonotonic: down, ActiveEnterTimestampMonotonic: up } = await show(
      main(),
      UNIT,
      ...['ActiveExitTimestampMonotonic', 'ActiveEnterTimestampMonotonic'],
    );
    expect((Number(up) - Number(down)) / 1e6).toBeGreaterThan(8);
    expect((Number(up) - Number(down)) / 1e6).toBeLessThan(10);
    expect(await show(main(), UNIT, 'SubState', 'NRestarts')).toEqual({ SubState: 'running', NRestarts: '1' });
  });

  step('is restarted by the watchdog when it hangs', async () => {
    const undo = await shorten(main(), UNIT, 'WatchdogSec=2\nRestartSec=1\nTimeoutAbortSec=2');
    await main().out(`systemctl restart ${UNIT}`);
    const was = await pid();
    await main().out(`kill -STOP ${was}`);
    const now = await eventually(() => health(main(), 8000));
    expect(now.pid).not.toBe(was);
    expect(await main().out(`journalctl -q --no-pager -o cat -u ${UNIT}`)).toContain(`Failed with result 'watchdog'`);
    await undo();
    await main().out(`systemctl restart ${UNIT}`);
  });

  step('goes on under its pid when logs rotate: .log, .log.1 and .log.2.gz after two rotations', async () => {
    const was = await pid();
    await main().out('echo a line >/var/log/jarvis/other.log && chown jarvis: /var/log/jarvis/other.log');
    for (let i = 0; i < 2; i += 1) {
      await main().out('logrotate -f /etc/logrotate.d/jarvis');
      await eventually(() => main().out(`grep -q 'log opened anew' ${ROOT}/logs/supervisor.log`));
    }
    expect(await main().out(`cd ${ROOT}/logs && stat -c '%n %U %a' supervisor.log*`)).toBe(
      'supervisor.log jarvis 640\nsupervisor.log.1 jarvis 640\nsupervisor.log.2.gz jarvis 640',
    );
    expect(await main().out('ls /var/log/jarvis')).toBe('other.log\nother.log.1');
    expect(await pid()).toBe(was);
    expect((await health(main(), 8000)).pid).toBe(was);
  });

  step('restarts ten times with a clean journal', async () => {
    await main().out('journalctl -q --rotate && journalctl -q --vacuum-time=1s');
    // Ten starts in ten minutes are the limit of the unit; a person who restarts it resets the count.
    await main().out(
      `for i in 1 2 3 4 5 6 7 8 9 10; do systemctl reset-failed ${UNIT} && systemctl restart ${UNIT} && systemctl is-active -q ${UNIT} || exit 1; done`,
    );
    const journal = await main().out(`journalctl -q --no-pager -o cat -u ${UNIT}`);
    expect(journal.match(/supervisor: ready/g)).toHaveLength(10);
    expect(journal).not.toMatch(/Traceback|never awaited|Unclosed|Exception|Failed with|Killing|timed out/);
  });

  step('runs again after a reboot, on both hosts', async () => {
    await Promise.all([main().reboot(), hosts.claw.reboot()]);
    await answers(main(), ['supervisor']);
    await answers(hosts.claw, ['supervisor']);
    expect(await show(main(), UNIT, 'SubState', 'NRestarts')).toEqual({ SubState: 'running', NRestarts: '0' });
    expect((await show(main(), 'jarvis-restart.timer', 'ActiveState')).ActiveState).toBe('active');
    await eventually(async () => expect((await project.fleet('health', '--all')).code).toBe(0));
  });

  step('the quick way out runs it without systemd, the next deploy with it again', async () => {
    const out = only(await project.fleet('rollback', '--nohup', '--host', 'jarvis-main'));
    expect(out).toMatchObject({ failure: null, outcome: 'rolled-back' });
    expect(out.durationMs).toBeLessThan(300_000);
    for (const unit of [UNIT, 'jarvis-restart.timer'])
      expect(await show(main(), unit, 'ActiveState', 'UnitFileState')).not.toMatchObject({ ActiveState: 'active' });
    await answers(main(), ['supervisor']);
    expect(await programs(main())).toEqual(['supervisor']);
    expect(only(await project.fleet('deploy', '--host', 'jarvis-main'))).toMatchObject({ outcome: 'deployed' });
    expect(await show(main(), UNIT, 'ActiveState', 'UnitFileState')).toEqual({
      ActiveState: 'active',
      UnitFileState: 'enabled',
    });
  });

  step(
    'the full way back removes the service and keeps data, positions and .env, so that it can be run by hand',
    async () => {
      const out = only(await project.fleet('rollback', '--full', '--keep-data', '--yes', '--host', 'jarvis-main'));
      expect(out).toMatchObject({ failure: null, outcome: 'removed' });
      expect(await programs(main())).toEqual(['']);
      expect(await main().out('find /etc/systemd /etc/logrotate.d -name "jarvis*"')).toBe('');
      expect(
        await main().out(`ls -d ${ROOT}/data/kept ${ROOT}/.env; stat -c '%U %a' ${ROOT}/.env; id -un jarvis`),
      ).toBe(`${ROOT}/.env\n${ROOT}/data/kept\njarvis 600\njarvis`);
      expect(await positions(main(), ROOT)).toBe(before);
    },
  );
});
