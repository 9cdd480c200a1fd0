import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { docker } from './rig/docker.ts';
import { startHost, type TestHost } from './rig/index.ts';
import { eventually } from './samples.ts';
import { story } from './story.ts';

// The timer in the place of a line of the crontab, on a machine of an operator who has systemd: fleet itself runs there.

const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
let machine: TestHost;

beforeAll(async () => {
  machine = await startHost('desk', 'systemd');
  await machine.out('mkdir -p /opt/fleet/dist');
  await docker(['cp', '-L', process.execPath, `${machine.id}:/usr/local/bin/node`]);
  await docker(['cp', here('dist/bin'), `${machine.id}:/opt/fleet/dist/bin`]);
  await docker(['cp', here('package.json'), `${machine.id}:/opt/fleet/package.json`]);
  await machine.out('chmod -R a+rX /opt/fleet; loginctl enable-linger plainuser');
});
afterAll(() => machine?.[Symbol.asyncDispose]());

describe.each([
  ['root', '', '/etc/systemd/system'],
  ['plainuser', '--user', '/home/plainuser/.config/systemd/user'],
])('the timer of %s', (user, own, folder) => {
  const step = story();
  const as = (command: string) =>
    machine.sh(`export XDG_RUNTIME_DIR=/run/user/$(id -u) FLEET_SSH_CONFIG=none; cd; ${command}`, { user });
  const fleet = (words: string) => as(`node /opt/fleet/dist/bin/fleet.js ${words}`);
  const systemctl = async (words: string) => (await as(`systemctl ${own} ${words}`)).stdout.trim();
  /** What its runs have printed, and how many there were. */
  const said = async (words: string) =>
    Number(
      await machine.out(`journalctl -q --no-pager -o cat _UID=$(id -u ${user}) 2>/dev/null | grep -c '${words}'; true`),
    );
  let timer = '';

  step('is started, and looks by itself, again and again, and tells once', { timeout: 240_000 }, async () => {
    const project = JSON.stringify({ hosts: { away: { address: '127.0.0.1', port: 1, user: 'root' } } });
    const playbook = JSON.stringify({
      name: 'app',
      hosts: ['away'],
      root: '/opt/app',
      tasks: [{ sync: { from: 'app' } }],
    });
    await as(`mkdir -p shop/inventory shop/playbooks shop/app
      echo '${project}' >shop/inventory/hosts.yaml; echo '${playbook}' >shop/playbooks/app.yaml; : >shop/app/x`);
    const made = await fleet('health --install-cron --timer --every 1m --yes -C shop');
    expect(made, made.stderr).toMatchObject({ code: 0, stderr: '' });
    [, timer = ''] = /journalctl (?:--user )?-u (\S+)$/m.exec(made.stdout) ?? [];
    expect(made.stdout).toContain(`${folder}/${timer}.timer\n`);
    expect(made.stdout).not.toContain('enable-linger');
    expect(await systemctl(`is-enabled ${timer}.timer`)).toBe('enabled');
    expect(await systemctl(`is-active ${timer}.timer`)).toBe('active');
    expect((await as(`systemd-analyze ${own} verify ${folder}/${timer}.service ${folder}/${timer}.timer`)).stderr).toBe(
      '',
    );
    const runs = async () =>
      Number(await systemctl(`show -p ExecMainStartTimestampMonotonic --value ${timer}.service`));
    let first = 0;
    await eventually(async () => {
      first = await runs();
      expect(await said('away cannot be looked at')).toBe(1);
    }, 90_000);
    await eventually(async () => expect(await runs()).toBeGreaterThan(first), 90_000);
    await eventually(async () => expect(await systemctl(`is-active ${timer}.service`)).toBe('inactive'), 60_000);
    expect(await systemctl(`show -p Result --value ${timer}.service`)).toBe('success');
    expect(await said('away cannot be looked at')).toBe(1);
  });

  step('is there already, and is taken away with all of it', async () => {
    expect((await fleet('health --install-cron --timer --every 1m --yes -C shop')).stdout).toContain(
      'it is there already',
    );
    expect(await fleet('health --uninstall-cron --timer --yes -C shop')).toMatchObject({ code: 0, stderr: '' });
    expect(await systemctl(`is-active ${timer}.timer`)).toBe('inactive');
    expect(await systemctl('list-unit-files --no-legend "fleet-health-*"')).toBe('');
    expect((await as(`ls -d ${folder}/fleet-health-*`)).stdout).toBe('');
  });
});
