import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fallbackFiles } from '../../src/runtime/nohup/fallback.ts';
import { nohup } from '../../src/runtime/nohup/nohup.ts';
import { file, fixture } from '../unit/sample.ts';
import { input } from './sample.ts';
import { feed, SHELLS, syntax } from './shells.ts';

const app = (lines: string, name = 'app.service') => file(name, `[Service]\nExecStart=/bin/app\n${lines}\n`);
const record = (lines: string, host = {}) => nohup.record(input([app(lines)], ['app.service'], host));
const text = (lines: string) => record(lines).files.find(({ path }) => path.endsWith('.conf'))?.text ?? '';

/** The settings as a shell gets them by sourcing the file. */
function settings(conf: string): Record<string, string> {
  const names = [...conf.matchAll(/^(svc_\w+)=/gm)].map(([, name = '']) => name);
  const print = names.map((name) => `printf '%s\\0' "$${name}"\n`).join('');
  const values = feed(['sh'], `${conf}${print}`).stdout.split('\0');
  return Object.fromEntries(names.map((name, i) => [name, values[i] ?? '']));
}

describe('the settings of a service', () => {
  test('have a fixed vocabulary and the defaults of systemd', () => {
    expect(settings(text(''))).toEqual({
      svc_unit: 'app.service',
      svc_type: 'simple',
      svc_user: 'root',
      svc_group: '',
      svc_groups: '',
      svc_nice: '0',
      svc_restart: 'no',
      svc_restart_delay: '0.1',
      svc_start_burst: '5',
      svc_start_interval: '10',
      svc_start_timeout: '90',
      svc_stop_timeout: '90',
      svc_kill_signal: 'TERM',
      svc_success: '',
      svc_prevent: '',
      svc_remain: '0',
      svc_stdout: 'log',
      svc_stderr: 'log',
      svc_dirs: '',
      svc_order: '0',
    });
  });

  test.each([
    [
      'User=jarvis\nGroup=bots\nSupplementaryGroups=video render',
      { svc_user: 'jarvis', svc_group: 'bots', svc_groups: 'video render' },
    ],
    ['Restart=always\nRestartSec=1500ms', { svc_restart: 'always', svc_restart_delay: '1.5' }],
    ['TimeoutStopSec=infinity\nTimeoutStartSec=0', { svc_stop_timeout: '999999999', svc_start_timeout: '999999999' }],
    ['StartLimitBurst=0', { svc_start_burst: '0', svc_start_interval: '0' }],
    [
      'SuccessExitStatus=75 SIGUSR1\nRestartPreventExitStatus=CONFIG',
      { svc_success: '75 USR1 138', svc_prevent: '78' },
    ],
    [
      `StandardOutput=append:/var/log/it's a.log`,
      { svc_stdout: "/var/log/it's a.log", svc_stderr: "/var/log/it's a.log" },
    ],
    ['StandardOutput=null\nStandardError=journal', { svc_stdout: 'null', svc_stderr: 'log' }],
    [
      'RuntimeDirectory=app app/x\nStateDirectory=app\nStateDirectoryMode=0700',
      { svc_dirs: '/run/app 0755\n/run/app/x 0755\n/var/lib/app 0700' },
    ],
    ['Type=notify\nNice=5', { svc_type: 'simple', svc_nice: '5' }],
    ['Type=oneshot\nRemainAfterExit=yes', { svc_type: 'oneshot', svc_remain: '1' }],
  ])('%j', (lines, expected) => {
    expect(settings(text(lines))).toMatchObject(expected);
  });

  test('a main program that may fail has every ending as success', () => {
    const unit = file('a.service', '[Service]\nExecStart=-/bin/app\n');
    const conf = nohup.record(input([unit], ['a'])).files[0]?.text ?? '';
    expect(settings(conf).svc_success?.split(' ')).toHaveLength(255);
  });
});

describe('what the plan says is lost', () => {
  test('one warning for each unit names the directives', () => {
    const { warnings, unsupported } = record(
      'Type=notify\nWatchdogSec=300\nMemoryMax=4G\nNoNewPrivileges=yes\nMemoryMax=5G',
    );
    expect(warnings).toEqual([
      'app.service: without systemd these are not honoured: Type=notify (READY=1 is not awaited), WatchdogSec, MemoryMax, NoNewPrivileges',
    ]);
    expect(unsupported).toEqual([]);
  });

  test('a service that loses nothing has none', () => {
    expect(record('Restart=always\nUser=app\nEnvironmentFile=/opt/app/.env').warnings).toEqual([]);
  });

  test.each([
    ['KillMode=process', 'KillMode=process (the whole group is stopped)'],
    ['StandardOutput=truncate:/x', '/x being rewritten (it is appended to)'],
    ['ExecStartPre=+/bin/x', 'the prefixes + and ! (every command runs as the service user)'],
    ['ExecStartPost=/bin/x', 'ExecStartPost'],
    ['[Unit]\nConditionPathExists=/x', 'ConditionPathExists'],
    ['[Unit]\nRequires=mongodb.service', 'Requires=mongodb.service'],
  ])('%j', (lines, lost) => {
    expect(record(lines).warnings).toEqual([`app.service: without systemd these are not honoured: ${lost}`]);
  });

  test('nothing of what no systemd reads either', () => {
    expect(record('After=network.target\nStartLimitIntervalSec=60\nNonsense=1').warnings).toEqual([
      'app.service:4: StartLimitIntervalSec= belongs in [Unit]; systemd ignores it in [Service]',
    ]);
  });

  test('an environment file of others, and a host without a way to start at boot, are said', () => {
    const { warnings } = record('EnvironmentFile=/etc/default/app', { boot: 'none' });
    expect(warnings).toEqual([
      'nothing on this host starts the app after a reboot: install and start cron',
      'app.service: /etc/default/app is read by sh, which takes quotes and $ otherwise than systemd does',
    ]);
  });
});

describe('what is refused', () => {
  const login = { uid: 1000, user: 'ubuntu' };
  const refused = (lines: string, host = {}) => record(lines, host).unsupported.join('\n');

  test.each([
    [
      'Type=forking',
      {},
      'app.service: Type=forking needs systemd; keep the program in the foreground and use Type=simple',
    ],
    ['Type=dbus', {}, 'app.service: Type=dbus needs systemd; use Type=simple'],
    ['DynamicUser=yes', {}, 'app.service: DynamicUser= needs systemd; make an account and name it in User='],
    ['Environment=A=%H', {}, 'app.service: %H needs systemd; write the value instead'],
    ['ExecStart=/b', {}, 'app.service: only Type=oneshot may have several ExecStart='],
    [
      'User=jarvis',
      login,
      'app.service: User=jarvis needs root, which ubuntu does not have here; leave User= out or log in as jarvis',
    ],
    ['RuntimeDirectory=x', login, 'app.service: RuntimeDirectory=, StateDirectory= and their like need root'],
    ['SupplementaryGroups=video', login, 'app.service: Group= and SupplementaryGroups= (video) need root'],
    ['Environment=A=%h', login, 'app.service: %h needs systemd; write the value instead'],
  ])('%j on %j', (lines, host, expected) => {
    expect(refused(lines, host)).toBe(expected);
  });

  test('a login may run its own services', () => {
    expect(refused('User=ubuntu\nGroup=ubuntu\nEnvironment=A=%u', login)).toBe('');
    const conf = record('User=ubuntu\nGroup=ubuntu', login).files[0]?.text ?? '';
    expect(settings(conf)).toMatchObject({ svc_user: 'ubuntu', svc_group: '' });
  });

  test('timers stay behind when a generation made for systemd has to run without', () => {
    const timer = file('t.timer', '[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target');
    const start = (enable: readonly string[]) =>
      fallbackFiles(input([app(''), timer], enable)).find(({ path }) => path === 'nohup/start')?.text;
    expect(start(['app.service', 't.timer'])).toBe('app.service\n');
    expect(start(['t.timer'])).toBeUndefined();
  });

  test('timers, sockets and unknown units are', () => {
    const timer = file('t.timer', '[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timers.target');
    const { unsupported, start } = nohup.record(input([timer], ['t.timer', 'nginx']));
    expect(unsupported).toEqual([
      't.timer: timers need systemd; use a cron line instead',
      'nginx.service is none of the deployed units',
    ]);
    expect(start).toEqual(['nginx.service']);
  });
});

test('a target is its services, in order, and they come back after a reboot', () => {
  const target = file('g.target', '[Unit]\nWants=b.service');
  const units = [
    target,
    app('[Unit]\nAfter=b.service\n[Install]\nWantedBy=g.target', 'a.service'),
    app('', 'b.service'),
  ];
  const { start, enable, files } = nohup.record(input(units, ['g.target']));
  expect(start).toEqual(['b.service', 'a.service']);
  expect(enable).toEqual(start);
  expect(files.map(({ path, mode }) => [path, mode])).toEqual(
    ['b', 'a'].flatMap((name) => ['conf', 'run'].map((kind) => [`services/${name}.service.${kind}`, 0o600])),
  );
});

describe.each(SHELLS.map((shell) => [shell.join(' '), shell] as const))('every file is sound for %s', (_, shell) => {
  test('from the units of the seeds', () => {
    for (const unit of [fixture('jarvis-supervisor.service'), fixture('amarktai-api.service')]) {
      const { files, unsupported } = nohup.record(input([unit], [unit.path]));
      expect(unsupported).toEqual([]);
      expect(files.length).toBeGreaterThanOrEqual(2);
      expect(files.map((it) => syntax(shell, it.text))).toEqual(files.map(() => ''));
    }
    expect(syntax(shell, 'if true; then {')).not.toBe('');
  });

  test('from hostile values', () => {
    const value = fc.string({ unit: 'binary', maxLength: 20 }).map((it) => it.replace(/[\0\r\n]/g, ''));
    const keys = [
      'ExecStart',
      'ExecStartPre',
      'Environment',
      'EnvironmentFile',
      'WorkingDirectory',
      'StandardOutput',
      'RuntimeDirectory',
      'User',
    ];
    const line = fc.tuple(fc.constantFrom(...keys), fc.constantFrom('', '/', 'A=', '"', '/$', '-/'), value);
    const units = fc.sample(fc.array(line, { maxLength: 8 }), 200);
    const files = units.flatMap(
      (lines) => record(lines.map(([key, start, rest]) => `${key}=${start}${rest}`).join('\n')).files,
    );
    expect(files.length).toBe(400);
    // All at once: a file with an open quote or brace would swallow the ones after it and fail at the end.
    expect(syntax(shell, files.map((it) => it.text).join('\n'))).toBe('');
  });
});
