import { afterAll, beforeAll, describe, expect } from 'vitest';
import { only, type Project } from '../fleet.ts';
import { startHost, type TestHost } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { story } from '../story.ts';
import {
  answers,
  BOTS,
  bot,
  exposure,
  health,
  inMode,
  MEMBERS,
  openPositions,
  port,
  positions,
  programs,
  SHORT,
  shorten,
  show,
  standing,
} from './jarvis.ts';
import { shippedProject } from './project.ts';

const ROOT = '/opt/jarvis';
const MIB = 1024 ** 2;
/** Of the seed's tables: WatchdogSec, MemoryMax in MiB, CPUQuota in percent, and the delay of a restart. */
const TABLE = {
  telegram: ['5min', 1024, 50, 12],
  sentiment: ['1h', 512, 30, 20],
  twitter: ['1h', 512, 30, 20],
  buytracker: ['10min', 512, 30, 12],
  treasury: ['10min', 1024, 50, 12],
} as const;
const ALL = [...BOTS].sort();

// One story: what a test leaves the next one finds.
describe('JARVIS with and without its supervisor', () => {
  const step = story();
  let host: TestHost;
  let project: Project;
  let before: string;
  const main = () => host;

  const change = async (mode: string, vars: object = {}, env: Record<string, string> = {}) => {
    await project?.[Symbol.asyncDispose]();
    project = await shippedProject({
      app: 'jarvis',
      hosts: { 'jarvis-main': { host, fields: inMode(mode, vars) } },
      secrets: { 'jarvis.env': env },
      changes: SHORT,
    });
  };
  const deploy = async () => {
    const run = await project.fleet('deploy', '--all');
    return { code: run.code, ...only(run) };
  };
  const pids = async () => (await answers(main(), BOTS)).map(({ pid }) => pid);

  beforeAll(async () => {
    host = await startHost('jarvis-main', 'systemd');
    await change('supervisor');
  });
  afterAll(async () => {
    await project?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  step('supervisor mode is one service with the limits of the seed', async () => {
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed', generation: 1 });
    expect(
      await show(
        main(),
        'jarvis.service',
        'ActiveState',
        'UnitFileState',
        'MemoryMax',
        'CPUQuotaPerSecUSec',
        'WatchdogUSec',
        'Restart',
      ),
    ).toEqual({
      ActiveState: 'active',
      UnitFileState: 'enabled',
      MemoryMax: String(2048 * MIB),
      CPUQuotaPerSecUSec: '800ms',
      WatchdogUSec: '5min',
      Restart: 'always',
    });
    expect(await exposure(main(), 'jarvis.service')).toBeLessThanOrEqual(2);
    const [supervisor] = await answers(main(), ['supervisor']);
    expect(supervisor).toMatchObject({ polling: true });
    before = await openPositions(main(), ROOT);
  });

  step('a migration whose telegram bot fails ends with the supervisor back, byte for byte', async () => {
    const manifest = await standing(main(), ROOT);
    await change('split', {}, { JARVIS_FAULT: 'exit-at-start@telegram' });
    const ended = await deploy();
    expect(ended).toMatchObject({ code: 1, outcome: 'reverted', generation: 1 });
    expect(JSON.stringify(ended.failure)).toContain('jarvis-telegram.service');
    expect(await standing(main(), ROOT)).toEqual(manifest);
    await answers(main(), ['supervisor']);
    expect(await programs(main())).toEqual(['supervisor']);
    expect(await show(main(), 'jarvis.service', 'ActiveState', 'UnitFileState')).toEqual({
      ActiveState: 'active',
      UnitFileState: 'enabled',
    });
    expect(await main().out('find /etc/systemd -name "jarvis-*" -o -name jarvis.target')).toBe('');
  });

  step(
    'the migration is one deploy: the old service is gone, the target and five services run and are enabled',
    async () => {
      await change('split');
      expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
      const found = await answers(main(), BOTS);
      expect(await programs(main())).toEqual(ALL);
      expect(found.filter(({ polling }) => polling)).toHaveLength(1);
      expect(await show(main(), 'jarvis.service', 'LoadState', 'ActiveState')).toEqual({
        LoadState: 'not-found',
        ActiveState: 'inactive',
      });
      expect(await main().out('find /etc/systemd -name jarvis.service')).toBe('');
      for (const unit of ['jarvis.target', ...MEMBERS])
        expect(await show(main(), unit, 'ActiveState', 'UnitFileState')).toEqual({
          ActiveState: 'active',
          UnitFileState: 'enabled',
        });
    },
  );

  for (const name of BOTS)
    step(
      `${name} has the limits, the watchdog, the restarts and the hardening of the seed, and is locked in`,
      async () => {
        const [watchdog, memory, cpu, delay] = TABLE[name];
        expect(
          await show(
            main(),
            bot(name),
            'WatchdogUSec',
            'MemoryMax',
            'CPUQuotaPerSecUSec',
            'RestartUSec',
            'Restart',
            'StartLimitBurst',
            'StartLimitIntervalUSec',
            'NoNewPrivileges',
            'ProtectSystem',
            'ProtectHome',
            'PrivateTmp',
            'User',
            'NotifyAccess',
            'EnvironmentFiles',
          ),
        ).toEqual({
          WatchdogUSec: watchdog,
          MemoryMax: String(memory * MIB),
          CPUQuotaPerSecUSec: `${cpu * 10}ms`,
          RestartUSec: `${delay}s`,
          Restart: 'always',
          StartLimitBurst: '10',
          StartLimitIntervalUSec: '10min',
          NoNewPrivileges: 'yes',
          ProtectSystem: 'strict',
          ProtectHome: 'yes',
          PrivateTmp: 'yes',
          User: 'jarvis',
          NotifyAccess: 'main',
          EnvironmentFiles: `${ROOT}/.env (ignore_errors=no)`,
        });
        expect(await exposure(main(), bot(name))).toBeLessThanOrEqual(2);
        const own = await main().out(`journalctl -q --no-pager -o cat -t jarvis-${name}`);
        expect(own).toContain(`${name}: ready`);
        expect(own).not.toContain(`${name === 'telegram' ? 'twitter' : 'telegram'}: ready`);
      },
    );

  step('one bot that is killed leaves the others alone, and is back by itself', async () => {
    const [, ...others] = await pids();
    const { pid } = await health(main(), port('telegram'));
    const undo = await shorten(main(), bot('telegram'), 'RestartSec=1');
    await main().out(`kill -9 ${pid}`);
    const back = await eventually(() => health(main(), port('telegram')), 20_000);
    expect(back.pid).not.toBe(pid);
    expect((await pids()).slice(1)).toEqual(others);
    expect(await show(main(), bot('telegram'), 'NRestarts', 'ActiveState')).toEqual({
      NRestarts: '1',
      ActiveState: 'active',
    });
    expect(await show(main(), bot('treasury'), 'NRestarts')).toEqual({ NRestarts: '0' });
    await undo();
  });

  step('one service restarts alone; stopping the target stops all, starting it brings all', async () => {
    const [, , twitter, , treasury] = await pids();
    await main().out(`systemctl restart ${bot('twitter')}`);
    const now = await pids();
    expect(now[2]).not.toBe(twitter);
    expect(now[4]).toBe(treasury);
    // The target is stopped first, its services follow: systemctl waits for the target only.
    await main().out('systemctl stop jarvis.target');
    await eventually(async () => expect(await programs(main())).toEqual(['']));
    await main().out('systemctl start jarvis.target');
    await answers(main(), BOTS);
    expect(await programs(main())).toEqual(ALL);
  });

  step('logrotate moves each log, and every bot goes on in a new one under its pid', async () => {
    const was = await pids();
    for (let i = 0; i < 2; i += 1) {
      await main().out('logrotate -f /etc/logrotate.d/jarvis');
      await eventually(() =>
        main().out(`for b in ${BOTS.join(' ')}; do grep -q 'log opened anew' ${ROOT}/logs/$b.log || exit 1; done`),
      );
    }
    for (const name of BOTS) await main().out(`cd ${ROOT}/logs && ls ${name}.log ${name}.log.1 ${name}.log.2.gz`);
    expect(await pids()).toEqual(was);
  });

  step('a rollback of the migration is the supervisor again, and forward again the bots', async () => {
    const now = await standing(main(), ROOT);
    // The playbook's checks of today ask for the bots; the supervisor is measured by those that it came with.
    const back = only(await project.fleet('rollback', '--all'));
    expect(back).toMatchObject({ failure: null, outcome: 'rolled-back', generation: 1 });
    await answers(main(), ['supervisor']);
    expect(await programs(main())).toEqual(['supervisor']);
    expect(await main().out('find /etc/systemd -name "jarvis-*" -o -name jarvis.target')).toBe('');
    const again = await deploy();
    expect(again).toMatchObject({ code: 0, outcome: 'deployed' });
    await answers(main(), BOTS);
    const etc = (lines: readonly string[]) => lines.filter((line) => line.startsWith('/etc/'));
    expect(etc(await standing(main(), ROOT))).toEqual(etc(now));
  });

  step('a host runs the bots that its inventory lists and no others, also after the target starts', async () => {
    const services = ['jarvis.target', bot('sentiment'), bot('treasury')];
    await change('split', { services, health_port: 8002 });
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
    await answers(main(), ['sentiment', 'treasury']);
    await main().out('systemctl restart jarvis.target');
    await answers(main(), ['sentiment', 'treasury']);
    expect(await programs(main())).toEqual(['sentiment', 'treasury']);
    expect(await show(main(), bot('telegram'), 'UnitFileState', 'ActiveState')).toEqual({
      UnitFileState: 'disabled',
      ActiveState: 'inactive',
    });
    await main().reboot();
    await answers(main(), ['sentiment', 'treasury']);
  });

  step('the way back is one deploy too, and nothing has touched the open positions', async () => {
    await change('supervisor');
    expect(await deploy()).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
    await answers(main(), ['supervisor']);
    expect(await programs(main())).toEqual(['supervisor']);
    expect(await main().out('find /etc/systemd -name "jarvis-*" -o -name jarvis.target')).toBe('');
    expect(await positions(main(), ROOT)).toBe(before);
    // Had somebody written there, this would show it.
    await main().out(
      `cp -p ${ROOT}/.lifeos/trading/positions.json /tmp/p && cp /tmp/p ${ROOT}/.lifeos/trading/positions.json`,
    );
    expect(await positions(main(), ROOT)).not.toBe(before);
  });
});
