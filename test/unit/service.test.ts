import { describe, expect, test } from 'vitest';
import { effective } from '../../src/unit/settings/effective.ts';
import { readService } from '../../src/unit/settings/read-service.ts';
import { fixture, read } from './sample.ts';

/** What is shown to everybody of a word that may be a secret. */
const NO_PAIR = 'Environment: a word is no NAME=value (quote a value that has spaces)';
const minimal = read('ExecStart=/bin/app');

describe('a service', () => {
  test('has the defaults of systemd', () => {
    expect(minimal.problems).toEqual([]);
    expect(minimal.service).toEqual({
      name: 'app.service',
      type: 'simple',
      execCondition: [],
      execStartPre: [],
      execStart: [{ path: '/bin/app', argv0: null, args: [], ignoreFailure: false, privilege: 'unit' }],
      execStartPost: [],
      execReload: [],
      execStop: [],
      execStopPost: [],
      workingDirectory: { path: '/', optional: false },
      environment: [],
      environmentFiles: [],
      passEnvironment: [],
      user: '',
      group: '',
      supplementaryGroups: [],
      umask: 0o022,
      nice: 0,
      restart: 'no',
      restartSec: 0.1,
      startLimitIntervalSec: 10,
      startLimitBurst: 5,
      timeoutStartSec: 90,
      timeoutStopSec: 90,
      killSignal: 'TERM',
      killMode: 'control-group',
      successExitStatus: { statuses: [], signals: [] },
      restartPreventExitStatus: { statuses: [], signals: [] },
      standardOutput: { to: 'journal' },
      standardError: { to: 'inherit' },
      runtimeDirectory: { names: [], mode: 0o755 },
      stateDirectory: { names: [], mode: 0o755 },
      cacheDirectory: { names: [], mode: 0o755 },
      logsDirectory: { names: [], mode: 0o755 },
      configurationDirectory: { names: [], mode: 0o755 },
      remainAfterExit: false,
      syslogIdentifier: '',
    });
  });

  test.each([
    ['WorkingDirectory=-/srv/%i', { workingDirectory: { path: '/srv/a', optional: true } }],
    ['WorkingDirectory=~', { workingDirectory: { path: '~', optional: false } }],
    [
      `Environment="A=b c" B='d' C=\nEnvironment=A=2`,
      {
        environment: [
          ['A', '2'],
          ['B', 'd'],
          ['C', ''],
        ],
      },
    ],
    ['Environment=A=1\nEnvironment=', { environment: [] }],
    [
      'EnvironmentFile=/a\nEnvironmentFile=-/etc/%p/%i.env',
      {
        environmentFiles: [
          { path: '/a', optional: false },
          { path: '/etc/app/a.env', optional: true },
        ],
      },
    ],
    ['SupplementaryGroups=video render', { supplementaryGroups: ['video', 'render'] }],
    ['UMask=0027\nNice=-5', { umask: 0o027, nice: -5 }],
    ['Restart=on-failure\nRestartSec=1min 500ms', { restart: 'on-failure', restartSec: 60.5 }],
    [
      'TimeoutSec=0\nKillSignal=SIGINT\nKillMode=mixed',
      {
        timeoutStartSec: Number.POSITIVE_INFINITY,
        timeoutStopSec: Number.POSITIVE_INFINITY,
        killSignal: 'INT',
        killMode: 'mixed',
      },
    ],
    ['SuccessExitStatus=143 TEMPFAIL SIGKILL', { successExitStatus: { statuses: [143, 75], signals: ['KILL'] } }],
    ['RuntimeDirectory=app/%i\nRuntimeDirectoryMode=0750', { runtimeDirectory: { names: ['app/a'], mode: 0o750 } }],
    [
      'StandardOutput=append:/var/log/%i.log\nStandardError=null',
      { standardOutput: { to: 'file', path: '/var/log/a.log', open: 'append' }, standardError: { to: 'null' } },
    ],
    ['User=jarvis\nUser=', { user: '' }],
    [
      'Type=oneshot\nRemainAfterExit=yes',
      { type: 'oneshot', remainAfterExit: true, timeoutStartSec: Number.POSITIVE_INFINITY },
    ],
  ])('reads %j', (lines, expected) => {
    const found = read(`ExecStart=/bin/app\n${lines}`, 'app@a.service');
    expect(found.problems).toEqual([]);
    expect(found.service).toMatchObject(expected);
  });

  test('a value that systemd does not take leaves the one before it, and is named with its line', () => {
    const { service, problems } = read('ExecStart=/bin/app\nNice=3\nNice=5 # low\nRestart=sometimes\nUser=a:b');
    expect(service).toMatchObject({ nice: 3, restart: 'no', user: '' });
    expect(problems.map(({ line, message }) => `${line} ${message}`)).toEqual([
      '6 User=a:b is no valid value',
      '4 Nice=5 # low is no valid value',
      '5 Restart=sometimes is no valid value',
    ]);
  });

  test.each([
    ['Environment=A', 'Environment: A is no NAME=value (quote a value that has spaces)', NO_PAIR],
    ['Environment=A=b c', 'Environment: c is no NAME=value (quote a value that has spaces)', NO_PAIR],
    ['EnvironmentFile=.env', 'EnvironmentFile: .env is not an absolute path'],
    ['SuccessExitStatus=nope', 'SuccessExitStatus: nope is neither an exit status nor a signal'],
    ['ExecStartPre=-/bin/date +%x', 'ExecStartPre: +%x has a "%" that means nothing; write "%%" for a percent sign'],
    ['Environment=A=%x', 'Environment: A=%x has a "%" that means nothing; write "%%" for a percent sign'],
    ['RuntimeDirectory=/run/x', 'RuntimeDirectory: only relative paths without ".." count'],
  ])('%j is ignored with a reason', (line, message, veiled?: string) => {
    expect(read(`ExecStart=/bin/app\n${line}`).problems).toEqual([
      { file: 'app.service', line: 3, message, effect: 'ignored', ...(veiled === undefined ? {} : { veiled }) },
    ]);
  });

  test.each([
    ['', 'a service needs ExecStart=, ExecStop= or SuccessAction='],
    ['ExecStart=/a\nExecStart=/b', 'only Type=oneshot may have several ExecStart='],
    ['Type=oneshot\nExecStart=/a\nRestart=always', 'Type=oneshot cannot have Restart=always'],
    [
      'ExecStart=/a\nExecStop=/bin/date +%x',
      'ExecStop: +%x has a "%" that means nothing; write "%%" for a percent sign',
    ],
    ['ExecStop=/a', 'a service without ExecStart= needs RemainAfterExit=yes'],
    [
      'ExecStart=bin/a\nExecStop=/a\nRemainAfterExit=yes',
      'ExecStart: the program bin/a is neither absolute nor a bare name',
    ],
  ])('%j is refused', (lines, message) => {
    const refused = read(lines).problems.filter(({ effect }) => effect === 'refused');
    expect(refused.map((problem) => problem.message)).toEqual([message]);
  });
});

describe('the start limit', () => {
  const limit = (unit: string, service: string) => {
    const { service: it, problems } = read(`[Unit]\n${unit}\n[Service]\nExecStart=/a\n${service}`);
    return [it.startLimitIntervalSec, it.startLimitBurst, problems.length];
  };

  test('is read from [Unit]', () => {
    expect(limit('StartLimitIntervalSec=600\nStartLimitBurst=10', '')).toEqual([600, 10, 0]);
  });

  test('in [Service] the interval counts by its old name alone, and the burst counts', () => {
    expect(limit('', 'StartLimitInterval=600\nStartLimitBurst=10')).toEqual([600, 10, 0]);
    expect(limit('', 'StartLimitIntervalSec=600\nStartLimitBurst=10')).toEqual([10, 10, 1]);
  });
});

describe('the units that the seeds give', () => {
  test('the supervisor is read as systemd reads it, with its start limit lost', () => {
    const unit = fixture('jarvis-supervisor.service');
    const { service, problems } = readService(effective(unit.path, [unit]));
    expect(service).toMatchObject({
      type: 'notify',
      user: 'jarvis',
      group: 'jarvis',
      workingDirectory: { path: '/home/jarvis/Jarvis', optional: false },
      environmentFiles: [{ path: '/home/jarvis/Jarvis/.env', optional: false }],
      execStart: [
        {
          path: '/usr/bin/python3',
          args: [{ word: 'joined', parts: [{ part: 'literal', text: 'bots/supervisor.py' }] }],
        },
      ],
      execReload: [{ path: '/bin/kill', args: [{ parts: [{ text: '-HUP' }] }, { word: 'split', name: 'MAINPID' }] }],
      restart: 'always',
      restartSec: 10,
      startLimitIntervalSec: 10,
      startLimitBurst: 10,
      timeoutStartSec: 60,
      timeoutStopSec: 30,
      syslogIdentifier: 'jarvis-supervisor',
    });
    expect(problems).toEqual([
      {
        file: 'jarvis-supervisor.service',
        line: 24,
        message: 'StartLimitIntervalSec= belongs in [Unit]; systemd ignores it in [Service]',
        effect: 'ignored',
      },
    ]);
  });

  test('the API is read as it stands', () => {
    const unit = fixture('amarktai-api.service');
    const { service, problems } = readService(effective(unit.path, [unit]));
    expect(problems).toEqual([]);
    expect(service).toMatchObject({
      type: 'simple',
      user: 'amarktai',
      group: '',
      environment: [['PATH', '/var/amarktai/venv/bin']],
      restartSec: 5,
      timeoutStopSec: 60,
    });
    expect(service.execStart[0]?.args).toHaveLength(9);
  });
});
