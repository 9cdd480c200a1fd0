// biome-ignore-all lint/suspicious/noTemplateCurlyInString: systemd writes its variables like this
import { describe, expect, it } from 'vitest';
import type { Declared } from '../../../src/model/declared.ts';
import { EMPTY_DECLARED } from '../../../src/model/declared.ts';
import { betweenApps } from '../../../src/unit/lint/between-apps.ts';
import { layoutAt, linted, service, shown } from './sample.ts';

const ROOT = layoutAt('/opt/app', null, ['data']);
/** `LEVEL RULE:line`, hints left out, for an app without an account of its own. */
const said = (files: Readonly<Record<string, string>>, more: Partial<Declared> = {}) =>
  linted(files, more, ROOT)
    .filter(({ level }) => level !== 'hint')
    .map(({ level, rule, line }) => `${level} ${rule}:${line}`);
const one = (text: string) => said({ 'a.service': text });
const rotating = (...texts: readonly string[]) =>
  linted({ 'app.service': service() }, { logrotate: texts.map((text, i) => ({ file: `l${i}`, path: `l${i}`, text })) });
const levels = (...texts: readonly string[]) =>
  rotating(...texts).map(({ level, rule, line }) => `${level} ${rule}:${line}`);

describe('of several findings on a line', () => {
  it('the error is said, not the warning that came first', () => {
    const text =
      '[Service]\nExecStartPre=bin/prepare # first\nExecStart=/usr/bin/demo\nEnvironment=\\"APP_HOME=/srv/${APP}\\"\n';
    expect(one(text)).toEqual(['error syntax:2', 'error syntax:4']);
    expect(one(text.replace('bin/', '/bin/').replaceAll('\\"', '"'))).toEqual([
      'warning inline-comment:2',
      'warning variable:4',
    ]);
  });

  it('a warning about the line hides no error about what it does', () => {
    const listen = (name: string, more = '') => service(`ExecStart=\nExecStart=/usr/bin/${name} --port 8000${more}`);
    const found = linted(
      { 'a.service': listen('a'), 'b.service': listen('b', ' # web') },
      { enable: ['a.service', 'b.service'] },
    );
    expect(found.map(({ level, rule }) => `${level} ${rule}`).sort()).toEqual([
      'error port-conflict',
      'warning inline-comment',
    ]);
  });

  it('one slip is one error', () => {
    expect(one('[Service]\nExecStart=bin/demo\nRestart=always\n')).toEqual(['error syntax:2']);
    expect(one('[Service]\nRestart=always\n')).toEqual(['error syntax:0']);
    expect(said({ 'a.timer': '[Timer]\nOnCalendar=every monday at 3\n' })).toEqual(['error value:2']);
  });
});

describe('what systemd takes', () => {
  it.each([
    ['an end of the host in place of a command', '[Unit]\nSuccessAction=reboot\n'],
    [
      'a file right below /run, made by root',
      '[Service]\nPIDFile=/run/demo.pid\nType=forking\nExecStart=/usr/sbin/demo --pid /run/demo.pid\n',
    ],
    [
      'paths that every host has',
      '[Service]\nExecStart=/usr/bin/demo\nReadWritePaths=/sys/class/leds\nBindReadOnlyPaths=/dev/log\n',
    ],
    [
      'a shell that becomes the program',
      '[Service]\nType=notify\nExecStart=/bin/sh -c "prepare; exec /usr/bin/demo"\n',
    ],
    ['an account of a domain', '[Service]\nExecStart=/usr/bin/demo\nUser=corp\\svc\n'],
    [
      'sizes, times and lists in all their forms',
      '[Service]\nExecStart=/a\nMemoryMax=1G 512M\nTimeoutStartSec=1min 30s\nCPUAffinity=0-3,5 7\nSystemCallFilter=@system-service\nSystemCallFilter=~@clock:EPERM reboot\nRestrictAddressFamilies=AF_UNIX AF_INET\nCapabilityBoundingSet=~CAP_SYS_ADMIN CAP_NET_RAW\nDeviceAllow=char-rtc r\nLimitNOFILE=1024:4096\n',
    ],
    ['percent signs of a date that are doubled', '[Service]\nExecStart=/bin/sh -c "date +%%Y-%%m"\n'],
  ])('is no finding: %s', (_what, text) => expect(one(text)).toEqual([]));

  it('two services of one program with other settings are no clash', () => {
    const bot = (name: string) =>
      `[Service]\nWorkingDirectory=/opt/app/current/${name}\nEnvironmentFile=/opt/app/data/${name}.env\nExecStart=/usr/bin/python3 bot.py\n`;
    expect(said({ 'bot.service': bot('one'), 'bot-b.service': bot('two') })).toEqual([]);
    expect(said({ 'bot.service': bot('one'), 'bot-b.service': bot('one') })).toEqual(['error same-program:4']);
  });

  it('a conflict with something else is no excuse for running twice', () => {
    const twice = (conflicts: string) =>
      said({ 'a.service': service(), 'a-b.service': service('', `Conflicts=${conflicts}`) });
    expect(twice('shutdown.target')).toEqual(['error same-program:6']);
    expect(twice('a.service')).toEqual([]);
  });

  it('a file below /run that the account of a service cannot make is told with a cure that works', () => {
    const found = linted({ 'a.service': service('PIDFile=/run/demo.pid') });
    expect(found.map(({ rule, fix }) => `${rule} ${fix}`)).toEqual([
      'runtime-folder add RuntimeDirectory=demo and write /run/demo/demo.pid',
    ]);
  });
});

describe('what systemd drops or refuses', () => {
  it.each([
    [
      'dependencies without suffix',
      '[Unit]\nAfter=network postgres\nRequires=postgres\n[Service]\nExecStart=/a\n',
      ['error value:2', 'error value:3'],
    ],
    [
      'a condition on a relative path',
      '[Unit]\nConditionPathExists=data/ready\n[Service]\nExecStart=/a\n',
      ['error value:2'],
    ],
    [
      'values of the sandbox',
      '[Service]\nExecStart=/a\nProtectSystem=strikt\nSystemCallFilter=@system-servce\nCapabilityBoundingSet=CAP_NET_ADMN\nRestrictAddressFamilies=INET\nRestrictNamespaces=network\n',
      ['error value:3', 'error value:4', 'error value:5', 'error value:6', 'error value:7'],
    ],
    [
      'commands around the start',
      '[Service]\nExecCondition=a/b\nExecStart=/a\nExecStopPost=c/d\n',
      ['error syntax:2', 'error syntax:4'],
    ],
    [
      'a command that a later line takes back',
      '[Service]\nExecStart=a/b\nExecStart=\nExecStart=/a\n',
      ['error syntax:2'],
    ],
    ['a specifier that means nothing', '[Unit]\nDescription=100%Q\n[Service]\nExecStart=/a\n', ['error value:2']],
    ['single percent signs of a date', '[Service]\nExecStart=/bin/sh -c "date +%Y-%m-%d"\n', ['error specifier:2']],
    [
      'a dollar sign behind a backslash',
      '[Service]\nExecStart=/bin/sh -c "exec /a --home \\$HOME"\n',
      ['warning syntax:2'],
    ],
    ['an install line without suffix', '[Service]\nExecStart=/a\n[Install]\nWantedBy=multi-user\n', ['error value:4']],
    [
      'a key that was taken out',
      '[Service]\nExecStart=/a\nCapabilities=\nNetClass=x\n',
      ['warning key:3', 'warning key:4'],
    ],
  ])('is found: %s', (_what, text, found) => expect(one(text)).toEqual(found));

  it('a type that lacks what it stands on', () => {
    const bus = '[Service]\nType=dbus\nExecStart=/a\n';
    expect(one(bus)).toEqual(['error syntax:0']);
    expect(one(`${bus}BusName=org.example.App\n`)).toEqual([]);
  });

  it('commands of a socket', () => {
    const socket = '[Socket]\nListenStream=/run/a.sock\nExecStartPre=a/b\n';
    expect(said({ 'a.socket': socket, 'a.service': '[Service]\nExecStart=/a\n' })).toEqual(['error syntax:3']);
  });

  it('a value with a secret is not shown', () => {
    const found = shown(linted({ 'a.service': service('SetCredential=canary') }));
    expect(found.join()).toContain('SetCredential=');
    expect(found.join()).not.toContain('canary');
  });

  it('an instance is read with its own name', () => {
    const timer = '[Timer]\nOnCalendar=*-*-* 0%i:00\n';
    expect(said({ 'a@.timer': timer }, { enable: ['a@3.timer'] })).toEqual([]);
    expect(said({ 'a@.timer': timer }, { enable: ['a@x.timer'] })).toEqual(['error value:2']);
    expect(said({ 'a@.timer': timer })).toEqual([]);
  });

  it('a start limit that is never reached is said once for all services', () => {
    const endless = service('Restart=always\nRestartSec=5');
    const found = linted({ 'a.service': endless, 'b.service': endless.replace('main', 'b'), 'c.service': service() });
    expect(
      found.filter(({ rule }) => rule === 'endless-restart').map(({ level, message }) => `${level} ${message}`),
    ).toEqual(['hint the start limit of a.service, b.service (5 starts in 10 s) is never reached with RestartSec=5']);
  });
});

describe('a logrotate file', () => {
  it.each([
    ['a name in quotes', '"/opt/a/my app.log" {\n  rotate 4\n  missingok\n}\n'],
    ['a backslash before a blank', '/opt/a/my\\ app.log {\n  rotate 4\n}\n'],
    ['a comment behind the brace', '/a/b.log { # second\n  missingok\n}\n'],
    ['a comment behind a word without a value', '/a/b.log {\n  daily # each day\n}\n'],
    ['several words on a line', '/a/b.log { missingok daily\n  rotate 3\n}\n'],
    ['an equals sign', '/a/b.log {\n  rotate = 4\n  size=10M\n}\n'],
    ['a script', '/a/b.log {\n  postrotate\n    echo "}" /x {\n  endscript\n  daily\n}\n'],
  ])('that logrotate takes is taken: %s', (_what, text) => expect(levels(text)).toEqual([]));

  it.each([
    ['line ends of Windows', '/a/b.log {\r\n  rotate 4\r\n}\r\n', 'error logrotate:1'],
    ['a mark at the start', '\ufeff/a/b.log {\n  rotate 4\n}\n', 'error invisible-character:1'],
    ['a brace behind a value', '/a/b.log { missingok rotate 4 }\n', 'error logrotate:1'],
    ['a unit that it does not know', '/a/b.log {\n  size 10MB\n}\n', 'error logrotate:2'],
    ['a word behind a day', '/a/b.log {\n  weekly rotate 4\n}\n', 'error logrotate:2'],
    ['a relative name', 'a.log {\n  daily\n}\n', 'error logrotate:1'],
    ['no value', '/a/b.log {\n  rotate\n}\n', 'error logrotate:2'],
    ['an account without group', '/a/b.log {\n  su app\n}\n', 'error logrotate:2'],
    ['text behind a block', '/a/b.log {\n  daily\n} # end\n', 'error logrotate:3'],
    ['names without a block', '/a/b.log\n', 'error logrotate:1'],
  ])('that logrotate refuses is refused: %s', (_what, text, found) => expect(levels(text)).toContain(found));

  it.each([
    [
      'line ends of Windows',
      '/a/b.log {\r\n  rotate 4\r\n  missingok\r\n}\r\n/a/c.log {\r\n}\r\n',
      ['error logrotate:1'],
    ],
    ['a relative name', 'a.log {\n  daily\n}\n/a/c.log {\n}\n', ['error logrotate:1']],
    ['a brace behind a value', '/a/b.log { rotate 4 }\n/a/c.log { # second\n  missingok\n}\n', ['error logrotate:1']],
  ])('has one error for one slip: %s', (_what, text, found) => expect(levels(text)).toEqual(found));

  it('may name a log once in all files of an app, and of a host', () => {
    const block = (path: string) => `${path} {\n  missingok\n}\n`;
    expect(levels(block('/a/b.log') + block('/a/b.log'))).toEqual(['error logrotate:4']);
    expect(levels(block('/a/*.log'), block('/a/b.log'))).toEqual(['error logrotate:1']);
    expect(levels(block('/a/*.log'), block('/a/c/b.log'))).toEqual([]);
    const app = (name: string, path: string) => ({
      app: name,
      layout: layoutAt(`/opt/${name}`),
      declared: { ...EMPTY_DECLARED, logrotate: [{ file: name, path: name, text: block(path) }] },
    });
    expect(
      betweenApps([app('x', '/a/b.log'), app('y', '/a/b.log')]).map(({ file, level }) => `${level} ${file}`),
    ).toEqual(['error y']);
    expect(betweenApps([app('x', '/a/b.log'), app('y', '/a/c.log')])).toEqual([]);
  });
});
