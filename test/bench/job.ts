import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestHost } from '../e2e/rig/index.ts';

/*
 * The job that each tool does: an account and its folders, the code exactly as it is here, secrets, a hardened unit, a
 * logrotate file; the service restarts when something changed and only then, is enabled, and answers.
 */

export type Tree = { readonly name: string; readonly files: number; readonly bytes: number };

/** As a small service has it; what is timed unless a big tree is. */
export const APP: Tree = { name: 'app', files: 202, bytes: 1_900_000 };

/** The service loads next to nothing: how fast Python starts is nobody's merit. */
const SERVER = `import os
import socket

door = socket.create_server(('127.0.0.1', 8000))
with open('VERSION') as file:
    version = file.read()
name = os.environ.get('NOTIFY_SOCKET')
if name:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
        notify.connect(name)
        notify.send(b'READY=1')
while True:
    client, _ = door.accept()
    with client:
        asked = client.recv(4096).startswith(b'GET /health ')
        status = '200 OK' if asked else '404 Not Found'
        client.sendall(f'HTTP/1.0 {status}\\r\\n\\r\\n{version}'.encode())
`;

const UNIT = `[Unit]
Description=The service of the bench
After=network-online.target
Wants=network-online.target

[Service]
Type=notify
User=job
Group=job
WorkingDirectory=/opt/job/current
EnvironmentFile=/opt/job/.env
ExecStart=/usr/bin/python3 -B server.py
Restart=always
RestartSec=2
TimeoutStopSec=10
ProtectSystem=strict
ReadWritePaths=/opt/job/data
ProtectHome=true
PrivateTmp=true
PrivateDevices=true
UMask=0027
NoNewPrivileges=true
CapabilityBoundingSet=
RestrictSUIDSGID=true
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6
RestrictNamespaces=true
RestrictRealtime=true
LockPersonality=true
ProtectKernelTunables=true
ProtectKernelModules=true
ProtectKernelLogs=true
ProtectControlGroups=true
ProtectClock=true
ProtectHostname=true
ProtectProc=invisible

[Install]
WantedBy=multi-user.target
`;

const LOGROTATE = `/opt/job/data/*.log {
    su job job
    weekly
    rotate 4
    missingok
    notifempty
    compress
}
`;

const ENV = 'JOB_TOKEN=not-a-secret-0001\nJOB_MODE=bench\n';

/** What stands on a host, one line a fact, and last the process of the service. */
const LOOK = `
cd /opt/job/current/ && find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum
stat -L -c '%a %U %n' /opt/job/.env
stat -c '%a %U %n' /opt/job/data
sha256sum </opt/job/.env
sha256sum </etc/systemd/system/job.service
sha256sum </etc/logrotate.d/job
systemctl is-active job.service
systemctl is-enabled job.service
systemctl show --property=NeedDaemonReload job.service
bash -c 'exec 3<>/dev/tcp/127.0.0.1/8000; printf "GET /health HTTP/1.0\\r\\n\\r\\n" >&3; tr -d "\\r" <&3 | paste -sd " "'
systemctl show --value --property=MainPID job.service`;

/** The host as it was before any tool came. */
const RESET = `
systemctl disable --quiet --now job.service 2>/dev/null
rm -rf /opt/job /var/lib/fleet /etc/systemd/system/job.service* /etc/systemd/system/fleet-* /etc/logrotate.d/job
rm -rf /etc/systemd/system/*.wants/job.service /etc/systemd/system/*.wants/fleet-* /root/.ansible
userdel job 2>/dev/null
systemctl daemon-reload && systemctl reset-failed`;

const digest = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');

export type Job = {
  readonly tree: Tree;
  /** The folder that every tool works in; a project of fleet too. */
  readonly folder: string;
  write(path: string, content: string | Buffer): void;
  /** The code as it is at first, with a file that goes later. */
  begin(round: number): void;
  /** One file is another, and one is gone. */
  change(): void;
  /** @returns the process of the service @throws what of the job is not done on this host */
  verify(host: TestHost): Promise<string>;
  reset(host: TestHost): Promise<void>;
  remove(): void;
};

export function makeJob(tree: Tree): Job {
  const folder = mkdtempSync(join(tmpdir(), 'fleet-bench-'));
  /** Of the code, by path. */
  const digests = new Map<string, string>();
  let version = '';

  const write: Job['write'] = (path, content) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode: path.startsWith('secrets/') ? 0o600 : 0o644 });
  };
  const code = (path: string, content: string | Buffer) => {
    write(`app/${path}`, content);
    digests.set(`./${path}`, digest(content));
  };
  const say = (text: string) => {
    version = text;
    code('VERSION', text);
  };
  const size = Math.round(tree.bytes / (tree.files - 3));
  /** As hard to compress as a program's text is. */
  const part = (n: number) =>
    createHash('shake256', { outputLength: Math.ceil((size * 3) / 4) })
      .update(String(n))
      .digest('base64');

  write('units/job.service', UNIT);
  write('job.logrotate', LOGROTATE);
  write('secrets/job.env', ENV);
  code('server.py', SERVER);
  for (let n = 0; n < tree.files - 3; n += 1) code(`lib/part-${n % 20}/module_${n}.py`, part(n));

  return {
    ...{ tree, folder, write },
    begin(round) {
      say(`${round}.0`);
      code('lib/old.py', part(-1));
    },
    change() {
      // Of another length: rsync goes by that and by the time in seconds.
      say(`${version}.1`);
      rmSync(join(folder, 'app/lib/old.py'));
      digests.delete('./lib/old.py');
    },
    async verify(host) {
      const lines = [...digests].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, sum]) => `${sum}  ${path}\n`);
      const wanted = [
        `${digest(lines.join(''))}  -`,
        '600 job /opt/job/.env',
        '750 job /opt/job/data',
        ...[ENV, UNIT, LOGROTATE].map((text) => `${digest(text)}  -`),
        'active',
        'enabled',
        'NeedDaemonReload=no',
        `HTTP/1.0 200 OK  ${version}`,
      ];
      const { stdout, stderr } = await host.sh(LOOK);
      const found = stdout.trim().split('\n');
      const pid = found.pop() ?? '';
      const wrong = wanted.flatMap((line, i) => (line === found[i] ? [] : [`wanted ${line}, found ${found[i]}`]));
      if (wrong.length > 0 || found.length !== wanted.length)
        throw new Error(`${host.name} is not as it should be:\n${[...wrong, stderr].join('\n')}`);
      return pid;
    },
    async reset(host) {
      await host.sh(RESET);
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
