import { describe, expect, it } from 'vitest';
import { readbackOf } from '../../src/runtime/systemd/readback.ts';
import { timespan } from '../../src/runtime/systemd/timespan.ts';
import { effective } from '../../src/unit/settings/effective.ts';
import { file, fixture } from '../unit/sample.ts';

const of = (service: string, version = 252, unit = '') =>
  readbackOf(
    effective('a.service', [file('a.service', `[Unit]\n${unit}\n[Service]\nExecStart=/bin/a\n${service}\n`)]),
    version,
  ).map(({ property, value }) => `${property}=${value}`);

describe('what must have taken effect', () => {
  // Each right-hand side was printed by `systemctl show` of systemd 252.
  it.each([
    ['MemoryMax=4G', 'MemoryMax=4294967296'],
    ['MemoryHigh=512M', 'MemoryHigh=536870912'],
    ['CPUQuota=90%', 'CPUQuotaPerSecUSec=900ms'],
    ['TasksMax=100', 'TasksMax=100'],
    ['LimitNOFILE=4096', 'LimitNOFILE=4096'],
    ['LimitCORE=infinity', 'LimitCORE=infinity'],
    ['WatchdogSec=300', 'WatchdogUSec=5min'],
    ['Restart=always', 'Restart=always'],
    ['RestartSec=1.5', 'RestartUSec=1.500000s'],
    ['TimeoutStartSec=90', 'TimeoutStartUSec=1min 30s'],
    ['TimeoutStopSec=1h 30min', 'TimeoutStopUSec=1h 30min'],
    ['RuntimeMaxSec=15d', 'RuntimeMaxUSec=2w 1d'],
    ['KillSignal=SIGINT', 'KillSignal=2'],
    ['UMask=0027', 'UMask=0027'],
    ['OOMScoreAdjust=-100', 'OOMScoreAdjust=-100'],
    ['ProtectHome=true', 'ProtectHome=yes'],
    ['ProtectSystem=strict', 'ProtectSystem=strict'],
    ['NoNewPrivileges=1', 'NoNewPrivileges=yes'],
    ['Environment=A=1 B=/x:y', 'Environment=A=1 B=/x:y'],
    ['EnvironmentFile=-/opt/x/.env', 'EnvironmentFiles=/opt/x/.env (ignore_errors=yes)'],
  ])('%s is shown as %s', (line, shown) => expect(of(line)).toEqual([shown]));

  it.each(['MemoryMax=50%', 'User=%p', 'Environment="A=b c"', 'CPUAffinity=0-3', 'ExecReload=/bin/true'])(
    '%s is not compared, since how it is shown is not sure',
    (line) => expect(of(line)).toEqual([]),
  );

  it('is the start limit that counts, wherever its parts stand', () => {
    expect(of('StartLimitBurst=10', 252, 'StartLimitIntervalSec=600')).toEqual([
      'StartLimitIntervalUSec=10min',
      'StartLimitBurst=10',
    ]);
    expect(of('')).toEqual([]);
  });

  it('is the last value that counts', () => {
    expect(of('MemoryMax=1G\nMemoryMax=2G')).toEqual(['MemoryMax=2147483648']);
  });

  it('is nothing that the host is too old for', () => {
    expect(of('ProtectClock=yes', 245)).toEqual(['ProtectClock=yes']);
    expect(of('ProtectClock=yes', 244)).toEqual([]);
  });

  it('is what the supervisor of the seeds was meant to have, not what systemd made of it', () => {
    const unit = fixture('jarvis-supervisor.service');
    const lines = readbackOf(effective(unit.path, [unit]), 252).map(({ property, value }) => `${property}=${value}`);
    expect(lines).toContain('MemoryMax=4294967296');
    expect(lines).toContain('StartLimitIntervalUSec=10s');
  });
});

describe('a time as systemctl shows it', () => {
  it.each([
    [0, '0'],
    [8, '8s'],
    [0.1, '100ms'],
    [0.0015, '1.500ms'],
    [90, '1min 30s'],
    [61.5, '1min 1.500000s'],
    [Number.POSITIVE_INFINITY, 'infinity'],
  ])('%d s is %s', (seconds, text) => expect(timespan(seconds)).toBe(text));
});
