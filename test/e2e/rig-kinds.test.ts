import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hosts, startHosts, type TestHost } from './rig/index.ts';

const wanted = { web: 'systemd', edge: 'plain', tiny: 'busybox' } as const;
let hosts: Hosts<typeof wanted>;

beforeAll(async () => {
  hosts = await startHosts(wanted);
});
afterAll(async () => {
  await hosts?.[Symbol.asyncDispose]();
});

const has = async (host: TestHost, command: string) => (await host.sh(`command -v ${command}`)).code === 0;

async function until(test: () => Promise<boolean>, seconds: number): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (await test()) return true;
    await new Promise((done) => setTimeout(done, 200));
  }
  return false;
}

describe('systemd', () => {
  it('has systemd 252 as PID 1 and no failed unit', async () => {
    expect(await hosts.web.out('cat /proc/1/comm')).toBe('systemd');
    expect(await hosts.web.out('systemctl --version | head -1')).toMatch(/^systemd 252 /);
    expect(await hosts.web.out('systemctl list-units --failed --plain --no-legend')).toBe('');
    expect((await hosts.web.sh('[ -d /run/systemd/system ]')).code).toBe(0);
  });

  it('MemoryMax bites', async () => {
    const eat = (mega: number) => `python3 -c "x = bytearray(${mega} << 20); print(len(x))"`;
    const limited = (mega: number) =>
      hosts.web.sh(`systemd-run --quiet --wait --pipe -p MemoryMax=64M -p MemorySwapMax=0 ${eat(mega)}`);
    expect(await limited(10)).toMatchObject({ code: 0, stdout: `${10 << 20}\n` });
    expect((await limited(200)).code).not.toBe(0);
    expect((await hosts.web.sh(eat(200))).code).toBe(0);
  });

  it('ProtectSystem, PrivateTmp and DynamicUser bite', async () => {
    const unit = (property: string, command: string) =>
      hosts.web.sh(`systemd-run --quiet --wait --pipe -p ${property} sh -c '${command}'`);
    expect((await unit('ProtectSystem=no', 'touch /usr/probe && rm /usr/probe')).code).toBe(0);
    expect((await unit('ProtectSystem=strict', 'touch /usr/probe')).stdout).toBe('');
    expect((await unit('ProtectSystem=strict', 'touch /usr/probe')).code).not.toBe(0);
    await hosts.web.out('touch /tmp/seen');
    expect((await unit('PrivateTmp=yes', 'ls /tmp')).stdout).toBe('');
    expect((await unit('DynamicUser=yes', 'id -u')).stdout.trim()).toMatch(/^6\d{4}$/);
  });

  it('gives a credential to a unit of another user', async () => {
    await hosts.web.writeFile('/etc/secret', 'word', 0o600);
    const command = 'cat $CREDENTIALS_DIRECTORY/s';
    const options = '-p User=deploy -p LoadCredential=s:/etc/secret';
    expect(await hosts.web.out(`systemd-run --quiet --wait --pipe ${options} sh -c '${command}'`)).toBe('word');
  });

  it('has the tools that services and deployments use', async () => {
    for (const tool of ['rsync', 'python3', 'cron', 'logrotate', 'ip', 'ps', 'flock', 'busctl', 'bash']) {
      expect(await has(hosts.web, tool), tool).toBe(true);
    }
    await hosts.web.out(`python3 -c 'import asyncio, sqlite3, http.server'`);
  });

  it('starts an enabled unit and a user manager that lingers at boot', async () => {
    const unit = '[Service]\nExecStart=/bin/sleep infinity\n[Install]\nWantedBy=multi-user.target\n';
    await hosts.web.writeFile('/etc/systemd/system/probe.service', unit);
    await hosts.web.out('systemctl enable --quiet probe.service && loginctl enable-linger deploy');
    await hosts.web.reboot();
    expect(await hosts.web.out('systemctl is-active probe.service')).toBe('active');
    expect(await hosts.web.out('systemctl is-active user@1000.service')).toBe('active');
  });
});

describe('plain', () => {
  it('has no systemd running', async () => {
    expect(await hosts.edge.out('cat /proc/1/comm')).not.toBe('systemd');
    expect((await hosts.edge.sh('[ -e /run/systemd/system ]')).code).toBe(1);
    expect(await hosts.edge.out('systemctl is-system-running || true')).toBe('offline');
    expect(await has(hosts.edge, 'rsync')).toBe(true);
  });
});

describe('busybox', () => {
  it('has ash, and none of the tools that Debian has', async () => {
    expect(await hosts.tiny.out('readlink -f /proc/$$/exe')).toMatch(/busybox$/);
    for (const tool of ['bash', 'rsync', 'sudo', 'flock', 'nohup', 'python3', 'systemctl', 'apt-get']) {
      expect(await has(hosts.tiny, tool), tool).toBe(false);
    }
    for (const tool of ['tar', 'setsid', 'mktemp', 'sha256sum', 'base64', 'timeout', 'crontab', 'httpd', 'nc']) {
      expect(await has(hosts.tiny, tool), tool).toBe(true);
    }
  });
});

describe('cron', () => {
  it('on plain runs @reboot lines after a reboot and after a power cut', async () => {
    await hosts.edge.out('echo "@reboot echo up >> /var/boots" | crontab -');
    const boots = async () => Number(await hosts.edge.out('cat /var/boots 2>/dev/null | wc -l'));
    expect(await boots()).toBe(0);
    await hosts.edge.reboot();
    expect(await until(async () => (await boots()) === 1, 10)).toBe(true);
    await hosts.edge.kill();
    await hosts.edge.start();
    expect(await until(async () => (await boots()) === 2, 10)).toBe(true);
  });

  it('on busybox is there', async () => {
    expect(await hosts.tiny.out('pidof crond')).toMatch(/^\d+$/);
    await hosts.tiny.out('echo "* * * * * true" | crontab -');
    expect(await hosts.tiny.out('crontab -l')).toBe('* * * * * true');
  });

  it.each(['edge', 'tiny'] as const)('%s runs /etc/rc.local at boot', async (name) => {
    await hosts[name].writeFile('/etc/rc.local', '#!/bin/sh\necho up >> /var/rc\n', 0o755);
    await hosts[name].reboot();
    expect(await until(async () => (await hosts[name].sh('cat /var/rc')).stdout === 'up\n', 5)).toBe(true);
  });
});
