import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, type Project } from './fleet.ts';
import { type Hosts, startHosts, type TestHost } from './rig/index.ts';

const APP = 'broken';
const ROOT = `/opt/${APP}`;

type Break = {
  readonly what: string;
  /** Lines of [Service], on top of a good unit that runs main.py as its own user. */
  readonly service?: string;
  readonly unit?: string;
  /** The program; by default it waits for ever. */
  readonly main?: string;
  readonly tasks?: readonly object[];
  readonly deploy?: object;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** What is wrong on the host, and how it is put right again. */
  readonly host?: readonly [wrong: string, right: string];
  /** All of these must be said to the person who deploys. */
  readonly says: readonly RegExp[];
  /** 1: taken back; 2: refused before any host was contacted; 3: the host was left alone. */
  readonly code?: number;
};

const WAIT = 'import time\nwhile True: time.sleep(60)\n';
const python = (line: string) => `import sys\n${line}\n${WAIT}`;
const PORT = 'import socket\ns = socket.socket()\ns.bind(("127.0.0.1", 7999))\ns.listen()\n';
const NEVER_READY = 'ExecStart=\nExecStart=/usr/bin/python3 -u main.py\nType=notify\nTimeoutStartSec=3\n';

const unit = ({ service = '', unit: more = '' }: Break) => `[Unit]
Description=Something that is broken
StartLimitIntervalSec=60
StartLimitBurst=5
${more}
[Service]
User=${APP}
WorkingDirectory=${ROOT}/current
EnvironmentFile=${ROOT}/.env
ExecStart=/usr/bin/python3 -u main.py
Restart=always
RestartSec=1
TimeoutStopSec=3
${service}
[Install]
WantedBy=multi-user.target
`;

const playbook = ({ tasks = [], deploy = {} }: Break) => ({
  name: APP,
  hosts: ['it'],
  root: ROOT,
  user: APP,
  data: ['data'],
  deploy: { settle: '2s', deadline: '20s', ...deploy },
  tasks: [
    { user: { name: APP, home: ROOT, system: true } },
    { sync: { from: 'app' } },
    { env: { from: 'secrets/app.env', required: ['TOKEN'] } },
    { units: { from: 'units', enable: [`${APP}.service`] } },
    ...tasks,
  ],
  health: [{ unit: `${APP}.service` }],
});

/** What only the host can find out. */
const ON_THE_HOST: readonly Break[] = [
  {
    what: 'a program that is not installed',
    service: 'ExecStart=\nExecStart=/usr/local/bin/server',
    says: [/\/usr\/local\/bin\/server/, /not executable|No such file|does not exist/i],
  },
  {
    what: 'a program that may not be executed',
    service: `ExecStart=\nExecStart=${ROOT}/current/main.py`,
    says: [/main\.py/, /not executable|execute permission|Permission denied/i],
  },
  {
    what: 'an interpreter that is not there',
    service: `ExecStart=\nExecStart=/bin/sh -c "exec ./run.sh"`,
    tasks: [{ files: [{ to: 'run.sh', content: '#!/opt/nowhere/perl\n', mode: '0755' }] }],
    says: [/exit status 127/, /interpreter in the first line/],
  },
  {
    what: 'a Python module that is not installed',
    main: python('import uvicorn_extras'),
    says: [/exit status 1/, /No module named 'uvicorn_extras'/],
  },
  {
    what: 'a port that somebody else has',
    main: PORT + WAIT,
    host: [
      `printf '${(PORT + WAIT).replaceAll('\n', '\\n')}' >/tmp/first.py; python3 /tmp/first.py >/dev/null 2>&1 & echo $! >/tmp/first; sleep 1`,
      'kill $(cat /tmp/first)',
    ],
    says: [/exit status 1/, /Address already in use/],
  },
  {
    what: 'a folder that the sandbox keeps closed',
    main: python('open("/srv/state", "w")'),
    service: 'ProtectSystem=strict',
    says: [/Read-only file system: '\/srv\/state'/],
  },
  {
    what: 'a folder to write in that nobody makes',
    service: 'ProtectSystem=strict\nReadWritePaths=/srv/nowhere',
    says: [/ReadWritePaths|\/srv\/nowhere/, /does not exist|226/],
  },
  {
    what: 'a program that is killed for want of memory',
    service: 'MemoryMax=30M',
    main: python('x = bytearray(200_000_000)'),
    says: [/memory/i, /MemoryMax/],
  },
  {
    what: 'a service that never says that it is ready',
    service: NEVER_READY,
    says: [/READY=1|longer to start/, /TimeoutStartSec|NotifyAccess/],
  },
  { what: 'a service that hangs', service: 'Type=simple\nWatchdogSec=1', says: [/WATCHDOG=1/, /hung/] },
  {
    what: 'a system call that the filter forbids',
    service: 'SystemCallFilter=~@network-io\nRestart=no',
    main: python('import socket; socket.socket()'),
    says: [/SystemCallFilter/],
  },
  {
    what: 'a service that makes itself a daemon',
    main: 'import os, sys, time\nif os.fork(): sys.exit(0)\ntime.sleep(60)\n',
    says: [/ended by itself|foreground/],
  },
  {
    what: 'a step before the start that fails',
    service: 'ExecStartPre=/bin/sh -c "echo the database is down >&2; exit 4"',
    says: [/the database is down/, /ExecStartPre=.*exit status 4/],
  },
  {
    what: 'a data file that belongs to somebody else',
    main: python('open("data/log", "a")'),
    host: [`mkdir -p ${ROOT}/data && touch ${ROOT}/data/log && chmod 600 ${ROOT}/data/log`, `rm -rf ${ROOT}`],
    says: [/Permission denied/, /data\/log/],
  },
  {
    what: 'a unit that the host requires and has not',
    unit: 'Requires=postgresql.service\nAfter=postgresql.service',
    says: [/postgresql\.service/],
  },
  {
    what: 'a drop-in of the host that takes the limit away',
    service: 'MemoryMax=64M',
    host: [
      `mkdir -p /etc/systemd/system/${APP}.service.d && printf '[Service]\\nMemoryMax=infinity\\n' >/etc/systemd/system/${APP}.service.d/zz.conf`,
      `rm -r /etc/systemd/system/${APP}.service.d`,
    ],
    says: [/MemoryMax is infinity, not 67108864/, /systemctl cat/],
  },
  {
    what: 'a unit that is masked on the host',
    host: [`ln -s /dev/null /etc/systemd/system/${APP}.service`, `rm -f /etc/systemd/system/${APP}.service`],
    says: [/broken\.service is masked on this host/, /systemctl unmask/],
    code: 3,
  },
  {
    what: 'a build that fails',
    tasks: [{ run: { command: ['sh', '-c', 'echo no cargo here >&2; exit 9'] } }],
    says: [/no cargo here/, /9/],
  },
  {
    what: 'a folder of units that cannot be written',
    host: [
      'mount --bind /etc/systemd/system /etc/systemd/system && mount -o remount,ro,bind /etc/systemd/system',
      'umount /etc/systemd/system',
    ],
    says: [/\/etc\/systemd\/system/, /[Rr]ead-only/],
  },
  { what: 'a login without root', fields: { user: 'plainuser', become: 'none' }, code: 3, says: [/root/] },
];

/** What is refused before any host is contacted; each has a test of its own in test/unit/lint. */
const OFFLINE: readonly Break[] = [
  {
    what: 'a start limit in the wrong section',
    service: 'StartLimitIntervalSec=600',
    says: [/\[Unit\]/, /broken\.service:\d+/],
  },
  { what: 'a comment behind a value', service: 'MemoryMax=1G # enough', says: [/comment/, /line of its own/] },
  { what: 'a limit that is a variable', service: 'MemoryMax=$LIMIT', says: [/MemoryMax/, /\$LIMIT/] },
  { what: 'a key that no systemd knows', service: 'MemoryMaximum=1G', says: [/MemoryMaximum/, /MemoryMax/] },
];

describe('what is broken is named', () => {
  let hosts: Hosts<{ it: 'systemd' }>;
  const host = (): TestHost => hosts.it;
  beforeAll(async () => {
    hosts = await startHosts({ it: 'systemd' });
  });
  afterAll(() => hosts?.[Symbol.asyncDispose]());

  const project = (broken: Break): Promise<Project> =>
    fleetProject({
      hosts: { it: { host: host(), fields: broken.fields ?? {} } },
      playbook: playbook(broken),
      units: { [`${APP}.service`]: unit(broken) },
      files: { 'app/main.py': broken.main ?? WAIT },
      env: { TOKEN: 'canary-broken-51c7' },
    });

  it('and with nothing broken the same project deploys, and goes again', async () => {
    await using good = await project({ what: 'nothing', says: [] });
    expect(await good.human('deploy', '--all')).toMatchObject({ code: 0 });
    expect(await good.human('rollback', '--full', '--all', '--yes')).toMatchObject({ code: 0 });
  });

  it.each(ON_THE_HOST)('$what', async (broken) => {
    await using wrong = await project(broken);
    if (broken.host !== undefined) await host().out(broken.host[0]);
    try {
      const { code, stdout, stderr } = await wrong.human('deploy', '--all');
      for (const words of broken.says) expect(stdout + stderr).toMatch(words);
      expect(code).toBe(broken.code ?? 1);
      // What to do next is always said.
      expect(stdout + stderr).toContain('-> ');
      expect(stdout + stderr).not.toContain('canary-broken');
    } finally {
      if (broken.host !== undefined) await host().out(broken.host[1]);
      // One that deploys after all is no reason for the others to fail too.
      if ((await host().sh(`test -e ${ROOT}/current`)).code === 0)
        await wrong.human('rollback', '--full', '--all', '--yes');
    }
    expect(
      await host().out(`ls -d /etc/systemd/system/${APP}.service ${ROOT}/current ${ROOT}/.env 2>/dev/null; true`),
    ).toBe('');
  });

  it.each(OFFLINE)('$what, before any host is contacted', async (broken) => {
    await using wrong = await project(broken);
    const { code, stdout, stderr } = await wrong.human('deploy', '--all');
    for (const words of broken.says) expect(stdout + stderr).toMatch(words);
    expect(code).toBe(2);
  });
});
