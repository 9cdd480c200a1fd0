import { describe, expect, it } from 'vitest';
import { parseEnv } from '../../../src/env/parse.ts';
import { layoutAt, linted, seed, seedUnit, shown } from './sample.ts';

const JARVIS = layoutAt('/home/jarvis/Jarvis', 'jarvis', ['logs', 'data', '.lifeos']);
const VOICE = '[Service]\nUser=xswarm\nExecStart=/opt/xswarm/current/xswarm-voice --port 9998\nProtectSystem=strict\n';

/** A drop-in of the seeds on a service that nothing else is wrong with. */
const onVoice = (name: string) =>
  shown(linted({ 'v.service': VOICE, [`v.service.d/${name}`]: seed(name) }, {}, layoutAt('/opt/xswarm', 'xswarm'))).map(
    (line) => line.replace(/units\/v\.service\.d\/[^:]*/, ''),
  );

describe('the units of the seeds, word for word', () => {
  it('the supervisor has a start limit that does nothing, and so none that is ever reached', () => {
    const unit = 'jarvis-supervisor.service';
    const found = linted({ [unit]: seedUnit(unit) }, { enable: [unit], envKeys: ['XAI_API_KEY'] }, JARVIS);
    expect(shown(found)).toEqual([
      `warning layout units/${unit}:12:18 WorkingDirectory= uses /home/jarvis/Jarvis, which no deploy makes`,
      `hint endless-restart units/${unit}:23:1 the start limit (10 starts in 10 s) is never reached with RestartSec=10`,
      `hint restart-delay units/${unit}:23:12 RestartSec=10 is not "back within 10 seconds"`,
      `error start-limit-section units/${unit}:24:1 StartLimitIntervalSec= does nothing in [Service]`,
      `hint missing-path units/${unit}:40:16 ReadWritePaths=/tmp has no use beside PrivateTmp=`,
    ]);
  });

  it('its log rotation works as root in folders of another account', () => {
    const unit = 'jarvis-supervisor.service';
    const found = linted(
      { [unit]: seedUnit(unit) },
      {
        enable: [unit],
        logrotate: [{ file: 'jarvis.logrotate', path: 'jarvis.logrotate', text: seed('001-jarvis.logrotate') }],
        folders: [{ path: '/var/log/jarvis', owner: 'jarvis', mode: 0o775 }],
      },
      JARVIS,
    );
    expect(shown(found.filter(({ file }) => file === 'jarvis.logrotate'))).toEqual([
      'warning logrotate-owner jarvis.logrotate:1:1 /home/jarvis/Jarvis/logs/*.log is in a folder of jarvis, and the block has no su',
      'error logrotate-owner jarvis.logrotate:15:1 /var/log/jarvis/*.log is in a folder of jarvis, and the block has no su',
    ]);
  });

  it('the rotation ends a service that knows no HUP', () => {
    const text = seedUnit('jarvis-supervisor.service').replace(/^ExecReload=.*\n/m, '');
    const logrotate = [{ file: 'j.logrotate', path: 'j.logrotate', text: seed('001-jarvis.logrotate') }];
    const found = linted({ 'jarvis-supervisor.service': text }, { logrotate }, JARVIS);
    expect(shown(found).filter((line) => line.includes('logrotate-signal'))).toEqual([
      'warning logrotate-signal j.logrotate:11:9 HUP is sent to jarvis-supervisor.service, which has no ExecReload=',
    ]);
  });

  it('the API finds no tools, restarts for ever and works where no deploy puts its code', () => {
    const unit = 'amarktai-api.service';
    const found = linted(
      { [unit]: seedUnit(unit), [`${unit}.d/memory.conf`]: seed('002-memory.conf') },
      { enable: [unit], envKeys: ['JWT_SECRET'] },
      layoutAt('/var/amarktai/app', 'amarktai'),
    );
    expect(shown(found)).toEqual([
      `warning layout units/${unit}:9:18 WorkingDirectory= uses /var/amarktai/app/backend, which no deploy makes`,
      `warning search-path units/${unit}:10:13 PATH has neither /usr/bin nor /bin`,
      `warning env-file units/${unit}:11:17 EnvironmentFile=/var/amarktai/app/backend/.env is not the .env of the app`,
      `hint endless-restart units/${unit}:18:1 the start limit (5 starts in 10 s) is never reached with RestartSec=5`,
      `warning missing-path units/${unit}:26:16 ReadWritePaths= opens /var/amarktai/logs, and nothing in the playbook makes it`,
    ]);
  });

  it('its drop-in for more workers replaces the command, and is right', () => {
    const unit = 'amarktai-api.service';
    const alone = linted({ [unit]: seedUnit(unit) });
    const with_ = linted({ [unit]: seedUnit(unit), [`${unit}.d/workers.conf`]: seed('002-workers.conf') });
    expect(shown(with_)).toEqual(shown(alone));
  });

  it.each([
    ['002-cpu.conf', ['error inline-comment :2:10 a comment behind CPUQuota=']],
    [
      '003-throughput.conf',
      [
        'error inline-comment :3:6 a comment behind Nice=',
        'error inline-comment :5:22 a comment behind IOSchedulingPriority=',
      ],
    ],
    [
      '003-limits.conf',
      [
        'error inline-comment :2:11 a comment behind MemoryMax=',
        'error inline-comment :3:12 a comment behind MemoryHigh=',
        'error inline-comment :4:10 a comment behind CPUQuota=',
      ],
    ],
    [
      '003-latency.conf',
      [
        'error inline-comment :3:21 a comment behind CPUSchedulingPolicy=',
        'error inline-comment :4:23 a comment behind CPUSchedulingPriority=',
        'error inline-comment :5:6 a comment behind Nice=',
      ],
    ],
    [
      '003-hardening.conf',
      [
        'warning sandbox :10:1 ProtectSystem=full replaces ProtectSystem=strict, which protects more',
        'error sandbox :16:1 PrivateNetwork=yes cuts off port 9998',
      ],
    ],
    [
      '000-hardening.conf',
      [
        'error inline-comment :2:17 a comment behind NoNewPrivileges=',
        'error inline-comment :3:15 a comment behind ProtectSystem=',
        'error inline-comment :4:13 a comment behind ProtectHome=',
        'error inline-comment :5:16 a comment behind ReadWritePaths=',
        'error inline-comment :6:12 a comment behind PrivateTmp=',
      ],
    ],
    [
      '004-sandbox.conf',
      [
        'error inline-comment :2:17 a comment behind NoNewPrivileges=',
        'error inline-comment :3:12 a comment behind PrivateTmp=',
        'error inline-comment :4:15 a comment behind ProtectSystem=',
        'error inline-comment :5:13 a comment behind ProtectHome=',
        'error inline-comment :6:31 a comment behind CapabilityBoundingSet=',
      ],
    ],
    ['004-cpu.conf', ['error inline-comment :2:13 a comment behind CPUAffinity=']],
    ['004-gpu.conf', []],
  ])('%s has exactly these findings', (name, findings) => expect(onVoice(name)).toEqual(findings));

  it('an env file with a comment behind a value is refused by the env task', () => {
    const parsed = parseEnv(seed('004-experiment.env'));
    expect(parsed.ok ? [] : parsed.failure.map(({ line, message }) => `${line} ${message}`)).toEqual([
      expect.stringMatching(/^6 .*comment on a line of its own/),
    ]);
  });
});
