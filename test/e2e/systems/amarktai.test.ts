import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { only, type Project } from '../fleet.ts';
import { startHost, type TestHost } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { story } from '../story.ts';
import {
  amarktai,
  ask,
  DIRT,
  exposure,
  live,
  PLAYBOOK,
  ROOT,
  restarts,
  show,
  UNIT,
  withoutPip,
} from './amarktai-host.ts';

const FAULTS = '/run/systemd/system/amarktai-api.service.d/faults.conf';
const BY_HAND = `/etc/systemd/system/${UNIT}.d/override.conf`;

describe('the Amarktai API on a host with systemd', () => {
  const step = story();
  let host: TestHost;
  let project: Project;
  const deploy = async () => only(await project.fleet('deploy', '--all'));
  const enabled = async () => (await host.sh(`systemctl is-enabled ${UNIT}`)).stdout.trim();
  const current = async () => Number((await host.out(`readlink ${ROOT}/current`)).replace('releases/', ''));
  const command = async () => /argv\[\]=(.*?) ;/.exec((await show(host, 'ExecStart')).ExecStart ?? '')?.[1] ?? '';
  const journald = () => host.out('systemctl show -p InvocationID --value systemd-journald');
  const shipped = (path: string) => readFileSync(join(project.folder, path), 'utf8');
  /** Faults come from a file that only this host's systemd knows of, so that no deploy is needed for one. */
  const fault = (name: string, more = '') =>
    host.out(`mkdir -p ${FAULTS.slice(0, FAULTS.lastIndexOf('/'))}
      echo AMARKTAI_FAULT=${name} >/run/amarktai-fault
      printf '[Service]\\nEnvironmentFile=/run/amarktai-fault\\n${more}' >${FAULTS}
      systemctl daemon-reload`);

  beforeAll(async () => {
    host = await startHost('api', 'systemd');
    project = await amarktai(host);
    project.write(PLAYBOOK, withoutPip(shipped(PLAYBOOK)));
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  describe('a first deploy that goes wrong tells why, and nothing of it is live', () => {
    const step = story();
    const code = 'test/apps/amarktai/parts.py';
    const nothingLive = async () => {
      expect(await live(host)).toBe('');
      expect(await host.out('systemctl is-active systemd-journald')).toBe('active');
    };

    step('when a stranger listens on its port', async () => {
      await host.out('systemd-run -q --unit stranger python3 -m http.server --bind 127.0.0.1 8000');
      const { outcome, failure } = await deploy();
      await host.out('systemctl stop stranger');
      expect(outcome).toBe('reverted');
      expect(JSON.stringify(failure)).toContain("('127.0.0.1', 8000): address already in use");
      await nothingLive();
    });

    step('when a package is missing in its venv', async () => {
      const text = shipped(code);
      project.write(code, text.replace('import fcntl', 'import ccxt\nimport fcntl'));
      const { outcome, failure } = await deploy();
      project.write(code, text);
      expect(outcome).toBe('reverted');
      expect(JSON.stringify(failure)).toContain("No module named 'ccxt'");
      await nothingLive();
    });

    step('when it requires a MongoDB that the host does not have', async () => {
      const text = shipped(PLAYBOOK);
      project.write(PLAYBOOK, text.replace('dependencies: none ', 'dependencies: mongodb '));
      const { outcome, failure } = await deploy();
      project.write(PLAYBOOK, text);
      expect(outcome).toBe('reverted');
      expect(JSON.stringify(failure)).toMatch(/mongod\.service not found/);
      await nothingLive();
    });

    step('when it never gets healthy: it was not enabled for a moment', async () => {
      await fault('unhealthy');
      const run = project.start(['deploy', '--all', '--json']);
      await eventually(async () => expect(await ask(host)).toMatchObject({ ok: false }));
      expect(await enabled()).toBe('disabled');
      const ended = await run.ended;
      expect(ended.code).toBe(1);
      expect(ended.stdout).toContain('503 Service Unavailable, expected 200');
      await nothingLive();
    });
  });

  step('is started, then proved, and only then enabled', async () => {
    await fault('slow-health:3');
    const before = await journald();
    const run = project.start(['deploy', '--all']);
    await eventually(async () => expect(await ask(host)).toMatchObject({ ok: false }));
    expect(await enabled()).toBe('disabled');
    expect((await run.ended).code).toBe(0);
    expect(await enabled()).toBe('enabled');
    expect(await ask(host)).toMatchObject({ ok: true, version: '1.0.0', parts: { autopilot: true, exchange: true } });
    expect(await journald()).not.toBe(before);
    await host.out(`rm ${FAULTS} && systemctl daemon-reload`);
  });

  step('runs from its venv, with the limits, the hardening and the journal settings of its files', async () => {
    const { pid } = await ask(host);
    expect(await host.out(`tr '\\0' ' ' </proc/${pid}/cmdline; stat -c %U /proc/${pid}`)).toBe(
      `${ROOT}/current/venv/bin/python -m uvicorn server:app --host 127.0.0.1 --port 8000 --log-level info amarktai`,
    );
    const limits = { MemoryHigh: '1610612736', MemoryMax: '2147483648', CPUQuotaPerSecUSec: '2s' };
    const restart = { Restart: 'always', StartLimitBurst: '20', TimeoutStopUSec: '1min' };
    const wanted = { ...limits, ...restart, CanReload: 'no', UnitFileState: 'enabled', NeedDaemonReload: 'no' };
    expect(await show(host, ...Object.keys(wanted))).toEqual(wanted);
    const { ControlGroup } = await show(host, 'ControlGroup');
    const group = `cat /sys/fs/cgroup/memory${ControlGroup}/memory.limit_in_bytes 2>/dev/null || cat /sys/fs/cgroup${ControlGroup}/memory.max`;
    expect(await host.out(group)).toBe(limits.MemoryMax);
    expect(await exposure(host)).toBeLessThanOrEqual(2);
    expect(await host.out('systemd-analyze cat-config systemd/journald.conf')).toContain(
      'SystemMaxUse=1G\nSystemKeepFree=2G\nMaxRetentionSec=30day',
    );
    expect(await host.sh(`systemctl reload ${UNIT}`)).toMatchObject({ code: 3 });
  });

  step('is restarted ten times, and the journal stays clean', async () => {
    const said = await restarts(host, 10);
    expect(said.match(/amarktai: ready/g)).toHaveLength(10);
    expect(said.match(/amarktai: stopped/g)).toHaveLength(10);
    expect(said).not.toMatch(DIRT);
    expect(await show(host, 'ActiveState', 'NRestarts')).toEqual({ ActiveState: 'active', NRestarts: '0' });
    await fault('unclean-stop');
    const dirty = await restarts(host, 2);
    for (const words of DIRT.source.split('|')) expect(dirty).toContain(words);
  });

  step('is given time to stop, and killed when it takes more', async () => {
    await fault('slow-stop:1');
    await host.out(`systemctl restart ${UNIT}`);
    await eventually(() => ask(host));
    const took = 'began=$(date +%s%N); systemctl stop $U; echo $((($(date +%s%N) - began) / 100000000))';
    expect(Number(await host.out(took.replace('$U', UNIT)))).toBeGreaterThanOrEqual(10);
    expect(await show(host, 'Result', 'ExecMainStatus')).toMatchObject({ Result: 'success' });
    expect(await host.out(`tail -n 1 ${ROOT}/logs/audit.log`)).toContain(' stopped ');

    await fault('hang', 'TimeoutStopSec=1\\n');
    await host.out(`systemctl start ${UNIT}`);
    await eventually(() => ask(host));
    await new Promise((done) => setTimeout(done, 700));
    expect(Number(await host.out(took.replace('$U', UNIT)))).toBeGreaterThanOrEqual(10);
    expect(await show(host, 'Result', 'ExecMainStatus')).toEqual({ Result: 'timeout', ExecMainStatus: '9' });
    await host.out(
      `rm ${FAULTS} && systemctl daemon-reload && systemctl reset-failed ${UNIT}; systemctl start ${UNIT}`,
    );
  });

  step('takes other drop-ins as one new generation, and a rollback brings the old command back', async () => {
    const changed = shipped(PLAYBOOK)
      .replace('workers: one ', 'workers: four ')
      .replace('dependencies: none ', 'dependencies: redis ')
      .replace('log_level: info', 'log_level: warning');
    const before = await command();
    const [from, playbook] = [await current(), shipped(PLAYBOOK)];
    project.write(PLAYBOOK, changed);
    expect(await deploy()).toMatchObject({ outcome: 'deployed', generation: from + 1, failure: null });
    expect(await command()).toBe(before.replace('--log-level', '--workers 4 --log-level'));
    const { After, Wants } = await show(host, 'After', 'Wants');
    expect(After?.split(' ')).toEqual(expect.arrayContaining(['mongodb.service', 'redis-server.service']));
    expect(Wants?.split(' ')).toContain('redis-server.service');
    const { ControlGroup } = await show(host, 'ControlGroup');
    const workers = `for p in $(cat /sys/fs/cgroup/systemd${ControlGroup}/cgroup.procs /sys/fs/cgroup${ControlGroup}/cgroup.procs 2>/dev/null); do
      tr '\\0' ' ' </proc/$p/cmdline; echo; done`;
    expect((await host.out(workers)).match(/multiprocessing.spawn/g)).toHaveLength(4);
    expect(await restarts(host, 1)).not.toMatch(DIRT);

    expect((await project.fleet('rollback', '--all')).code).toBe(0);
    expect(await command()).toBe(before);
    expect(await current()).toBe(from);
    project.write(PLAYBOOK, playbook);
  });

  step('finds a setting that was changed by hand on the host when the next version comes, and goes back', async () => {
    await host.writeFile(BY_HAND, '[Service]\nRestart=no\n');
    project.write('test/apps/amarktai/VERSION', '1.0.1\n');
    expect(await deploy()).toMatchObject({
      outcome: 'reverted',
      failure: {
        kind: 'not-as-meant',
        differences: [{ unit: UNIT, property: 'Restart', meant: 'always', got: 'no' }],
      },
    });
    expect(await ask(host)).toMatchObject({ ok: true });
    await host.out(`rm ${BY_HAND} && systemctl daemon-reload`);
  });

  step('goes back to the version before when a new one is not healthy, and stays enabled', async () => {
    const from = await current();
    project.write('test/apps/amarktai/VERSION', '1.1.0\n');
    await fault('unhealthy');
    const run = project.start(['deploy', '--all']);
    await eventually(async () => expect(await ask(host)).toMatchObject({ ok: false, version: '1.1.0' }));
    // The host's file of faults is as it was when the way back begins.
    await host.out(`: >${FAULTS}`);
    expect((await run.ended).code).toBe(1);
    expect(await ask(host)).toMatchObject({ ok: true, version: '1.0.0' });
    expect(await current()).toBe(from);
    expect(await enabled()).toBe('enabled');
  });

  step('is taken away with its journal settings, and keeps its data when asked to', async () => {
    const before = await journald();
    expect((await project.fleet('rollback', '--full', '--keep-data', '--all')).code).toBe(0);
    expect(await live(host)).toBe(`${ROOT}/.env`);
    expect(await host.sh(`systemctl is-active ${UNIT}`)).toMatchObject({ stdout: 'inactive\n' });
    expect(await journald()).not.toBe(before);
    expect(await host.out('systemctl is-active systemd-journald')).toBe('active');
    expect(await host.out(`stat -c '%U %a' ${ROOT}/.env ${ROOT}/data ${ROOT}/logs`)).toBe(
      'amarktai 600\namarktai 750\namarktai 750',
    );
    expect(await host.out(`grep -c started ${ROOT}/logs/audit.log`)).not.toBe('0');
  });
});
