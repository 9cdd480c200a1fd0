import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { missing, type, typedIn } from '../docs/console.ts';
import { cli } from './fleet.ts';
import { type Hosts, startHosts } from './rig/index.ts';

let hosts: Hosts<{ readonly vps: 'systemd' }>;
beforeAll(async () => {
  hosts = await startHosts({ vps: 'systemd' });
});
afterAll(() => hosts[Symbol.asyncDispose]());

/** The folder of somebody who logs in to the host by key, as its ssh configuration says, and does not know it yet. */
function newcomer(): string {
  const { address, port, identityFile } = hosts.vps;
  const home = mkdtempSync(join(tmpdir(), 'fleet-readme-'));
  mkdirSync(join(home, '.ssh'), { mode: 0o700 });
  writeFileSync(join(home, 'editor'), `#!/bin/sh\nsed -i 's/192.0.2.10/${address}/' "$1"\n`, { mode: 0o755 });
  const config = `Port ${port}\nIdentityFile ${identityFile}\nUserKnownHostsFile ${home}/.ssh/known_hosts\n`;
  writeFileSync(join(home, 'ssh_config'), config);
  return home;
}

it('what the README shows of five minutes on a host is what comes out there', { timeout: 600_000 }, async () => {
  const lines = typedIn(readFileSync(new URL('../../README.md', import.meta.url), 'utf8'));
  const home = newcomer();
  const env = {
    ...{ PATH: process.env.PATH, HOME: home, EDITOR: join(home, 'editor'), FLEET_SSH_CONFIG: join(home, 'ssh_config') },
  };
  const came = await type(lines, { cli, folder: home, env, limitMs: 540_000 });
  const wrong = lines.flatMap(({ at, command, shown }, i) => {
    const line = missing(shown, came[i] ?? '');
    return line === null ? [] : [`README.md:${at}: $ ${command}\nnot there: ${line}\nin:\n${came[i]}`];
  });
  rmSync(home, { recursive: true });
  expect(lines.length).toBeGreaterThan(12);
  expect(wrong).toEqual([]);
  const left =
    'ls -d /opt/app /var/lib/fleet/app /etc/systemd/system/app.service 2>/dev/null; id -u app 2>/dev/null; true';
  expect(await hosts.vps.out(left)).toBe('');
});
