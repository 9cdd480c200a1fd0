import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHost, type TestHost } from './rig/index.ts';
let host: TestHost;
beforeAll(async () => { host = await startHost('lint', 'systemd'); });
afterAll(() => host[Symbol.asyncDispose]());
it('shows', async () => {
  await host.out('useradd -r jarvis; mkdir -p /opt/x');
  await host.writeFile('/etc/systemd/system/a.service', `[Unit]
StartLimitIntervalSec=600
StartLimitBurst=10
[Service]
Type=simple
ExecStart=/bin/sleep 1000
User=jarvis
Group=jarvis
Environment=A=1 B=/x:y
EnvironmentFile=-/opt/x/.env
MemoryMax=4G
MemoryHigh=512M
CPUQuota=90%
TasksMax=100
LimitNOFILE=4096
LimitCORE=infinity
WatchdogSec=300
Restart=always
RestartSec=1.5
TimeoutStartSec=90
TimeoutStopSec=1h 30min
RuntimeMaxSec=15d
KillSignal=SIGINT
KillMode=mixed
UMask=0027
Nice=5
OOMScoreAdjust=-100
CPUWeight=200
IOWeight=50
ProtectSystem=strict
ProtectHome=true
NoNewPrivileges=1
PrivateTmp=on
PrivateDevices=yes
ProtectProc=invisible
KeyringMode=private
RestrictRealtime=true
LockPersonality=y
RestrictSUIDSGID=true
RemoveIPC=true
ProtectClock=yes
ProtectHostname=yes
WorkingDirectory=/opt/x
`);
  console.log(await host.out('systemctl daemon-reload; systemctl start a; systemctl show a | grep -E "^(StartLimit|Type|User|Group|Environ|Memory(Max|High)|CPUQ|TasksMax|Limit(NOFILE|CORE)|Watchdog|Restart|Timeout|RuntimeMax|Kill|UMask|Nice|OOMScore|CPUWeight|IOWeight|Protect|NoNew|Private|Keyring|Restrict|Lock|RemoveIPC|Working)"'));
  await host.out('mkdir -p /tmp/v/b.service.d; cp /etc/systemd/system/a.service /tmp/v/b.service; printf "[Service]\nBogusKey=1\nMemoryMax=x\nExecStart=/opt/x/nothing\n" >/tmp/v/b.service.d/x.conf; printf "[Service]\nExecStart=/bin/true\nRestartSteps=3\nStandardOutput=syslog\nKillMode=none\nUser=nobody2\n[Install]\nAlso=zz.service\n" >/tmp/v/c.service; printf "[Unit]\nRequires=missing.service\n[Service]\nExecStart=/bin/true %%i\n" >/tmp/v/d@.service; printf "[Unit]\nWants=d@1.service\n" >/tmp/v/e.target');
  console.log(await host.sh('cd /tmp/v; for f in b.service c.service d@.service e.target; do echo == $f; SYSTEMD_COLORS=0 LC_ALL=C systemd-analyze verify --man=no /tmp/v/$f; echo rc=$?; done 2>&1'));
  console.log(await host.sh('cd /tmp/v; SYSTEMD_UNIT_PATH=/tmp/v:/run/systemd/system:/lib/systemd/system SYSTEMD_COLORS=0 LC_ALL=C systemd-analyze verify --man=no /tmp/v/a.service /tmp/v/c.service 2>&1; echo rc=$?;time systemd-analyze verify --man=no /tmp/v/c.service 2>&1; cat /proc/1/cgroup; stat -fc %T /sys/fs/cgroup'));
  expect(1).toBe(1);
});
