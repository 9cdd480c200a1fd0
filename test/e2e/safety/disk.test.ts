import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project, type Run } from '../fleet.ts';
import { type Hosts, startHosts, type TestHost } from '../rig/index.ts';
import { asHost, live, running, type SteadyApp, steadyApp } from './steady-app.ts';

let hosts: Hosts<{ web: 'systemd'; edge: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ web: 'systemd', edge: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const mount = (host: TestHost, where: string, size: string) =>
  asHost(host, `mkdir -p ${where} && mount -t tmpfs -o size=${size},mode=755 tmpfs ${where}`);
let tries = 0;
const fill = (where: string) => `dd if=/dev/zero of=${where}/..fill bs=4k 2>/dev/null; true`;

const start = (app: SteadyApp, host: TestHost) => fleetProject({ ...app.parts, hosts: { it: host } });

async function deploys(project: Project, host: TestHost, app: SteadyApp, version: string) {
  project.write('app/VERSION', `${version}\n`);
  const run = await project.fleet('deploy', '--all');
  expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
  expect((await running(host, app)).split(' ')[1]).toBe(version);
}

/** Tries the next version with a fault in the way: all of the old one is there afterwards, and the cause is named. */
async function fails(
  project: Project,
  host: TestHost,
  app: SteadyApp,
  codes: readonly number[],
  cause: RegExp,
): Promise<Run> {
  const before = await live(host, app);
  tries += 1;
  project.env({ MARKER: `another-and-longer-than-the-first-${tries}` });
  const run = await project.fleet('deploy', '--all');
  const { outcome, failure } = only(run);
  expect(codes, run.stdout + run.stderr).toContain(run.code);
  expect(outcome).toBe(run.code === 1 ? 'reverted' : 'untouched');
  expect(JSON.stringify(failure)).toMatch(cause);
  const after = await live(host, app);
  // The old version may have been started again, with a new number; all else is as it was.
  expect(after.slice(1)).toEqual(before.slice(1));
  expect(after[0]?.split(' ')[1]).toBe(before[0]?.split(' ')[1]);
  const health = (await project.fleet('health', '--all')).events.filter(({ type }) => type === 'check');
  const results = health.map(({ result }) => result as { readonly check: string; readonly ok: boolean });
  expect(results).toContainEqual(expect.objectContaining({ ok: true }));
  // That the disk is full is true.
  expect(results.filter(({ check, ok }) => !ok && !/^(disk|inodes)\b/.test(check))).toEqual([]);
  return run;
}

describe('a disk', () => {
  describe('that is too small for the app is seen before anything is sent', () => {
    it.concurrent.each(['web', 'edge'] as const)('on %s', async (name) => {
      const host = () => hosts[name];
      const app = steadyApp('small');
      await mount(host(), app.root, '16m');
      await using project = await start(app, host());
      const run = await project.fleet('deploy', '--all');
      expect({ code: run.code, ...only(run) }).toMatchObject({
        code: 3,
        outcome: 'untouched',
        failure: { kind: 'unsupported' },
      });
      expect(only(run).failure?.message).toMatch(/MiB of free disk space; \d+ MiB are left/);
      expect(await host().out(`ls -A ${app.root}; ls -A ${app.state} 2>/dev/null; true`)).toBe('');
      await asHost(host(), `umount ${app.root}`);
      await deploys(project, host(), app, 'one');
    });
  });

  describe('that fills up while the code is sent ends the deploy, and the old version never notices', () => {
    it.concurrent.each(['web', 'edge'] as const)('on %s', async (name) => {
      const host = () => hosts[name];
      const app = steadyApp('sent');
      await mount(host(), app.root, '120m');
      await using project = await start(app, host());
      await deploys(project, host(), app, 'one');
      const before = await running(host(), app);
      project.write('app/VERSION', 'two\n');
      project.write('app/big', randomBytes(12 << 20).toString('base64'));
      const filling = host().out(`until [ -d ${app.root}/releases/2 ]; do sleep 0.01; done; ${fill(app.root)}`);
      await fails(project, host(), app, [1], /No space left/);
      await filling;
      expect(await running(host(), app)).toBe(before);
      expect(await host().out(`ls ${app.root}/releases`)).toBe('1');
      await host().out(`rm ${app.root}/..fill`);
      project.remove('app/big');
      await deploys(project, host(), app, 'two');

      // And in the middle of the switch: the code is there, and .env finds no room.
      const full = { run: { command: ['sh', '-c', fill(app.root)] } };
      const [sync, env, units] = (app.playbook() as { tasks: object[] }).tasks;
      project.playbook(app.playbook({ tasks: [sync, env, units, full] }));
      project.write('app/VERSION', 'three\n');
      await fails(project, host(), app, [1], new RegExp(`cannot write ${app.root}/.env: No space left`));
      await host().out(`rm ${app.root}/..fill`);
      project.playbook(app.playbook());
      await deploys(project, host(), app, 'three');
    });
  });

  describe("that holds fleet's own records and is full leaves the host as it is, before and in the middle", () => {
    it.concurrent.each(['web', 'edge'] as const)('on %s', async (name) => {
      const host = () => hosts[name];
      const app = steadyApp(
        'records',
        {},
        `case $v in *filler) [ -e /var/lib/fleet/records/..fill ] || { ${fill('/var/lib/fleet/records')}; } ;; esac\n[ "$v" != filler ] || exit 1`,
      );
      await mount(host(), app.state, '4m');
      await using project = await start(app, host());
      await deploys(project, host(), app, 'one');
      project.write('app/VERSION', 'two\n');
      await host().out(fill(app.state));
      await fails(project, host(), app, [1, 3], /No space left|disk full/);
      await host().out(`rm ${app.state}/..fill`);

      // The new version itself fills it and dies: the way back has room of its own.
      project.write('app/VERSION', 'filler\n');
      await fails(project, host(), app, [1], /./);
      await host().out(`rm ${app.state}/..fill`);
      await deploys(project, host(), app, 'three');

      // It fills it and lives: the release may stay or go, but the word about it is true.
      project.write('app/VERSION', 'healthy-filler\n');
      const run = await project.fleet('deploy', '--all');
      const { outcome, generation } = only(run);
      expect(await host().out(`readlink ${app.root}/current; sed -n 's/^phase //p' ${app.state}/state`)).toBe(
        `releases/${generation}\nIDLE`,
      );
      expect((await running(host(), app)).split(' ')[1]).toBe(outcome === 'deployed' ? 'healthy-filler' : 'three');
      await host().out(`rm -f ${app.state}/..fill`);
      await deploys(project, host(), app, 'four');
    });
  });
});

describe("a host's /etc", () => {
  const host = () => hosts.web;
  const app = steadyApp('etc');
  let project: Project;
  afterAll(() => project?.[Symbol.asyncDispose]());

  it('that is read-only is seen before anything is switched', async () => {
    project = await start(app, host());
    await deploys(project, host(), app, 'one');
    await asHost(host(), 'mount --bind /etc /etc && mount -o remount,ro,bind /etc');
    project.write('app/VERSION', 'two\n');
    const before = await running(host(), app);
    const run = await fails(project, host(), app, [3], /cannot write .*Read-only file system/);
    expect(run.code).toBe(3);
    expect(await running(host(), app)).toBe(before);
    expect(await host().out(`ls ${app.root}/releases`)).toBe('1');
    await asHost(host(), 'umount /etc');
    await deploys(project, host(), app, 'two');
  });

  it('that has no room for a unit any more keeps the old one, byte for byte', async () => {
    const units = '/etc/systemd/system';
    await asHost(
      host(),
      `mkdir /mnt/units && mount -t tmpfs -o size=1m,mode=755 tmpfs /mnt/units && cp -a ${units}/. /mnt/units && mount --bind /mnt/units ${units}`,
    );
    await host().out('systemctl daemon-reload');
    // Room for what starts at boot while a transaction is open, and not for the unit.
    await host().out(`${fill(units)}; truncate -s -12288 ${units}/..fill`);
    const text = `${app.parts.units?.[app.unit] ?? ''}`;
    project.write(`units/${app.unit}`, `${'# A long comment that takes room.\n'.repeat(2000)}${text}`);
    project.write('app/VERSION', 'three\n');
    await fails(project, host(), app, [1], new RegExp(`cannot write ${units}/${app.unit}: No space left`));
    await host().out(`rm ${units}/..fill`);
    await deploys(project, host(), app, 'three');
  });
});
