// biome-ignore-all lint/suspicious/noTemplateCurlyInString: systemd writes its variables like this
import type { Declared } from '../../../src/model/declared.ts';
import { service } from './sample.ts';

export type Case = {
  readonly rule: string;
  /** What is walked into, as a sentence about it. */
  readonly says: string;
  readonly bad: Readonly<Record<string, string>>;
  /** The same, done right: the rule is silent. */
  readonly good: Readonly<Record<string, string>>;
  readonly more?: Partial<Declared>;
};

const one = (rule: string, says: string, bad: string, good: string, more: Partial<Declared> = {}): Case => ({
  rule,
  says,
  bad: { 'app.service': bad },
  good: { 'app.service': good },
  more,
});

const rotating = (text: string): Partial<Declared> => ({ logrotate: [{ file: 'l', path: 'l', text }] });
const second = (lines: string) => `[Service]\nUser=app\nExecStart=/opt/app/current/b\n${lines}\n`;
const instance = (port: string) => service(`ExecStart=\nExecStart=/opt/app/current/x --port ${port}`);
const FOLDER = [{ path: '/var/log/app', owner: 'app', mode: 0o770 }];

/** One case and its positive control for each thing that the linter knows. */
export const CASES: readonly Case[] = [
  one(
    'inline-comment',
    'a comment behind a variable',
    service('Environment=A=b # c'),
    service(`Environment="A=b # c" 'D=; e'`),
  ),
  one(
    'start-limit-section',
    'a start limit in [Service]',
    service('StartLimitIntervalSec=600'),
    service('', 'StartLimitIntervalSec=600'),
  ),
  one('section', 'a dependency in [Service]', service('After=network.target'), service('', 'After=network.target')),
  one('key', 'a misspelt key', service('RestrtSec=5'), service('RestartSec=1\nX-Note=anything')),
  {
    rule: 'instance',
    says: 'an instance of a template that nothing brings',
    bad: { 'app.service': service() },
    good: { 'w@.service': service() },
    more: { enable: ['w@1.service'] },
  },
  one(
    'inline-comment',
    'a comment behind a limit',
    service('MemoryMax=1G # enough'),
    service('# enough\nMemoryMax=1G'),
  ),
  one(
    'inline-comment',
    'a comment that becomes an argument',
    service('ExecReload=/bin/kill $MAINPID # stop'),
    service('ExecReload=/bin/sh -c "kill $MAINPID # stop"'),
  ),
  one(
    'variable',
    'a limit out of a variable',
    service('MemoryMax=${RAM}'),
    service('ExecReload=/bin/kill -HUP $MAINPID'),
  ),
  one('variable', 'a variable in another variable', service('Environment=A=${B}'), service('Environment=A=b')),
  one('invisible-character', 'a no-break space', service('User=app\u00a0'), service('Nice=1')),
  one('value', 'a boolean that is none', service('PrivateTmp=maybe'), service('PrivateTmp=on')),
  one('value', 'a size with GB', service('MemoryMax=4GB'), service('MemoryMax=4G')),
  one('value', 'a quota without a percent sign', service('CPUQuota=90'), service('CPUQuota=90%')),
  one('value', 'a time that is none', service('TimeoutStopSec=5 minuts'), service('TimeoutStopSec=5 minutes')),
  one('value', 'a signal that is none', service('FinalKillSignal=SIGFOO'), service('FinalKillSignal=SIGINT')),
  one('value', 'a relative path', service('ReadWritePaths=data'), service('ReadWritePaths=/opt/app/data')),
  one('syntax', 'a section that is none', service('[Sevice]\nNice=1'), service('[X-Notes]\nNice=1')),
  one('syntax', 'a line without =', service('Nice'), service('Nice=1')),
  one(
    'secret-in-unit',
    'a secret in the unit',
    service('Environment=API_TOKEN=s3cr3t-value'),
    service('Environment=TOKEN_FILE=/run/credentials/t MAX_TOKENS=4000'),
  ),
  one(
    'secret-in-unit',
    'a password in an address',
    service('Environment=MONGO=mongodb://u:pass@h/db'),
    service('Environment=MONGO=mongodb://h/db'),
  ),
  one(
    'secret-in-command',
    'a secret on the command line',
    service('ExecStartPre=/bin/x --key ${API_KEY}'),
    service('ExecStartPre=/bin/x --port ${PORT}'),
  ),
  one(
    'secret-in-command',
    'a literal secret on the command line',
    service('ExecStartPre=/bin/x --api-key=abcdef123'),
    service('ExecStartPre=/bin/x --api-key-file=/opt/app/data/k'),
  ),
  one(
    'endless-restart',
    'a start limit that is never reached',
    service('Restart=always\nRestartSec=5'),
    service('Restart=always\nRestartSec=5', 'StartLimitIntervalSec=60'),
  ),
  one(
    'restart-delay',
    'ten seconds for ten seconds',
    service('Restart=always\nRestartSec=10', 'StartLimitIntervalSec=600'),
    service('Restart=always\nRestartSec=8', 'StartLimitIntervalSec=600'),
  ),
  {
    rule: 'socket-start-limit',
    says: 'a socket that a broken version closes',
    bad: { 'app.service': service('Restart=on-failure'), 'app.socket': '[Socket]\nListenStream=8080\n' },
    good: {
      'app.service': service('Restart=on-failure\nRestartSec=1', 'StartLimitIntervalSec=0'),
      'app.socket': '[Socket]\nListenStream=8080\n',
    },
    more: { enable: ['app.socket', 'app.service'] },
  },
  one(
    'restart-backoff',
    'half of a growing delay',
    service('Restart=always\nRestartSteps=5'),
    service('Restart=always'),
  ),
  one(
    'notify',
    'readiness that a server never reports',
    service('Type=notify\nExecStart=\nExecStart=/usr/bin/python3 -m http.server 80'),
    service('Type=notify'),
  ),
  one(
    'notify',
    'a shell that reports for another',
    service('Type=notify\nExecStart=\nExecStart=/bin/sh run.sh'),
    service('Type=notify\nNotifyAccess=all\nExecStart=\nExecStart=/bin/sh run.sh'),
  ),
  {
    rule: 'part-of',
    says: 'members that outlive their target',
    bad: { 'all.target': '[Unit]\nWants=app.service\n', 'app.service': service() },
    good: { 'all.target': '[Unit]\nWants=app.service\n', 'app.service': service('', 'PartOf=all.target') },
  },
  {
    rule: 'port-conflict',
    says: 'two services on one port',
    bad: { 'a.service': service('Environment=PORT=8000'), 'b.service': second('Environment=PORT=8000') },
    good: { 'a.service': service('Environment=PORT=8000'), 'b.service': second('Environment=PORT=8001') },
  },
  {
    rule: 'port-conflict',
    says: 'instances on one port',
    bad: { 'x@.service': instance('9998') },
    good: { 'x@.service': instance('999%i') },
    more: { enable: ['x@1.service', 'x@2.service'] },
  },
  {
    rule: 'same-program',
    says: 'both modes of one program',
    bad: { 'jarvis.service': service(), 'jarvis-supervisor.service': service() },
    good: { 'jarvis.service': service(), 'jarvis-supervisor.service': service('', 'Conflicts=jarvis.service') },
  },
  one(
    'missing-path',
    'a folder that nothing makes',
    service('ReadWritePaths=/var/lib/app'),
    service('ReadWritePaths=/opt/app/data -/var/lib/other /var/lib/app\nStateDirectory=app'),
  ),
  one(
    'missing-path',
    'a release that is written to',
    service('ReadWritePaths=/opt/app/current/cache'),
    service('ReadWritePaths=/opt/app/data/cache'),
  ),
  one(
    'runtime-folder',
    'a folder below /run',
    service('PIDFile=/run/app/app.pid'),
    service('PIDFile=/run/app/app.pid\nRuntimeDirectory=app'),
  ),
  one(
    'layout',
    'a path beside the release',
    service('ExecStart=\nExecStart=/opt/app/venv/bin/python main.py'),
    service('ExecStart=\nExecStart=/opt/app/current/venv/bin/python main.py'),
  ),
  one(
    'layout',
    'a fixed release',
    service('WorkingDirectory=/opt/app/releases/3'),
    service('WorkingDirectory=/opt/app/current'),
  ),
  one(
    'env-file',
    'an env file of its own',
    service('EnvironmentFile=/opt/app/backend/.env'),
    service('EnvironmentFile=/opt/app/.env\nEnvironmentFile=-/opt/app/more.env'),
    { envKeys: ['A'] },
  ),
  one('account', 'another account', service('User=web'), service()),
  one(
    'account',
    'root',
    '[Service]\nExecStart=/opt/app/current/x\n',
    '[Service]\nType=oneshot\nExecStart=/opt/app/current/x\n',
  ),
  one(
    'root-log',
    'a log in a folder of the app',
    service('StandardOutput=append:/var/log/app/out.log'),
    service('StandardOutput=append:/var/log/out.log\nStandardError=journal'),
    { folders: FOLDER },
  ),
  one(
    'root-log',
    'a log in a data folder',
    service('StandardError=truncate:/opt/app/data/err.log'),
    service('StandardError=inherit'),
  ),
  one(
    'root-log',
    'a log in the folder that systemd gives to the service',
    service('LogsDirectory=app\nStandardOutput=file:/var/log/app/out.log'),
    service('LogsDirectory=app\nStandardOutput=file:/var/log/other/out.log'),
  ),
  one(
    'root-read',
    'settings in a data folder',
    service('EnvironmentFile=-/opt/app/data/more.env'),
    service('EnvironmentFile=-/opt/app/more.env\nEnvironmentFile=/opt/app/.env'),
  ),
  one(
    'root-read',
    'a credential in a folder of the app',
    service('LoadCredential=key:/var/log/app/key'),
    service('LoadCredential=key:/etc/app.key\nLoadCredential=other'),
    { folders: FOLDER },
  ),
  one(
    'root-read',
    'input from a data folder',
    service('StandardInput=file:/opt/app/data/in'),
    service('StandardInput=null'),
  ),
  one(
    'root-program',
    'a script of a built release before the start',
    service('ExecStartPre=+/opt/app/current/pre.sh'),
    service('ExecStartPre=/opt/app/current/pre.sh\nExecStartPre=+/usr/local/sbin/pre.sh'),
    { commands: [['make']] },
  ),
  one(
    'root-program',
    'a service without a user that runs a built script',
    '[Service]\nType=oneshot\nWorkingDirectory=/opt/app/current\nExecStart=/bin/sh main.sh\n',
    '[Service]\nType=oneshot\nUser=app\nWorkingDirectory=/opt/app/current\nExecStart=/bin/sh main.sh\n',
    { commands: [['make']] },
  ),
  one(
    'root-program',
    'a program in a folder of the app',
    service('ExecReload=!/opt/app/data/reload'),
    service('ExecReload=!/usr/sbin/reload'),
  ),
  one(
    'search-path',
    'a path of one folder',
    service('Environment=PATH=/opt/app/current/.venv/bin'),
    service('Environment=PATH=/opt/app/current/.venv/bin:/usr/bin'),
  ),
  one(
    'sandbox',
    'a weaker protection',
    service('ProtectSystem=strict\nProtectSystem=full'),
    service('ProtectSystem=full\nProtectSystem=strict'),
  ),
  one(
    'sandbox',
    'no network for a server',
    service('PrivateNetwork=yes\nEnvironment=PORT=8000'),
    service('PrivateNetwork=no\nEnvironment=PORT=8000'),
  ),
  one(
    'sandbox',
    'a hidden home',
    service('ProtectHome=true\nWorkingDirectory=/home/app'),
    service('ProtectHome=read-only\nWorkingDirectory=/home/app'),
  ),
  one(
    'sandbox',
    'memory protection for a compiler',
    service('MemoryDenyWriteExecute=yes\nExecStart=\nExecStart=/usr/bin/node x.js'),
    service('MemoryDenyWriteExecute=yes'),
  ),
  one(
    'sandbox',
    'real time and its ban',
    service('CPUSchedulingPolicy=fifo\nRestrictRealtime=yes'),
    service('CPUSchedulingPolicy=fifo'),
  ),
  {
    rule: 'no-reload',
    says: 'a reload of what cannot reload',
    bad: { 'app.service': service(), 'r.service': second('Type=oneshot\nExecStart=/bin/systemctl reload app') },
    good: {
      'app.service': service('ExecReload=/bin/true'),
      'r.service': second('Type=oneshot\nExecStart=/bin/systemctl reload app'),
    },
  },
  {
    rule: 'orphan',
    says: 'a drop-in for nobody',
    bad: { 'app.service': service(), 'ap.service.d/x.conf': '[Service]\nNice=1\n' },
    good: { 'app.service': service(), 'app.service.d/x.conf': '[Service]\nNice=1\n' },
  },
];

/** Cases of logrotate files and of the playbook, beside one service without ExecReload=. */
export const BESIDE: readonly { rule: string; says: string; bad: Partial<Declared>; good: Partial<Declared> }[] = [
  {
    rule: 'transient',
    says: 'swap until the next boot',
    bad: { commands: [['sh', '-c', 'swapon /swapfile']] },
    good: { commands: [['make', 'sysctls']] },
  },
  {
    rule: 'runtime-folder',
    says: 'a folder in /run by a deploy',
    bad: { folders: [{ path: '/run/app', owner: 'app', mode: 0o755 }] },
    good: { folders: [{ path: '/var/lib/app', owner: 'app', mode: 0o755 }] },
  },
  {
    rule: 'logrotate',
    says: 'a misspelt directive',
    bad: rotating('/a/*.log {\n  dayly\n}\n'),
    good: rotating('/a/*.log {\n  daily\n}\n'),
  },
  {
    rule: 'logrotate',
    says: 'a comment behind a directive',
    bad: rotating('/a/*.log {\n  rotate 7 # week\n}\n'),
    good: rotating('/a/*.log {\n  # week\n  rotate 7\n}\n'),
  },
  {
    rule: 'logrotate',
    says: 'a block that is never closed',
    bad: rotating('/a/*.log {\n  daily\n'),
    good: rotating('compress\n"/a/b.log" /c/*.log\n{\n  daily\n}\n'),
  },
  {
    rule: 'logrotate',
    says: 'a script that is never closed',
    bad: rotating('/a/*.log {\n  postrotate\n    true\n}\n'),
    good: rotating('/a/*.log {\n  postrotate\n    true\n  endscript\n}\n'),
  },
  {
    rule: 'logrotate-owner',
    says: 'root in a folder of others',
    bad: { folders: FOLDER, ...rotating('/var/log/app/*.log {\n  daily\n}\n') },
    good: { folders: FOLDER, ...rotating('/var/log/app/*.log {\n  su app app\n}\n') },
  },
  {
    rule: 'logrotate-signal',
    says: 'a signal that ends the service',
    bad: rotating('/a/*.log {\n  postrotate\n    systemctl kill -s HUP app\n  endscript\n}\n'),
    good: rotating('/a/*.log {\n  copytruncate\n}\n'),
  },
  {
    rule: 'no-reload',
    says: 'a reload in a rotation',
    bad: rotating('/a/*.log {\n  postrotate\n    systemctl reload app.service\n  endscript\n}\n'),
    good: rotating('/a/*.log {\n  postrotate\n    systemctl reload nginx.service\n  endscript\n}\n'),
  },
];
