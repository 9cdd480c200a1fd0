import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project, parseRun, type Running, said } from '../fleet.ts';
import { little } from '../little.ts';
import { startHost, type TcpProxy, type TestHost, tcpProxy } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import {
  countCopies,
  keeperOn,
  parts,
  playbook,
  ROOT,
  STATE,
  serving,
  UNIT,
  version,
  wholeHost,
  withTasks,
} from './keeper.ts';

let host: TestHost;
let lost: { project: Project; proxy: TcpProxy; running: Running };
beforeAll(async () => {
  host = await startHost('it', 'systemd');
});
afterAll(async () => {
  await lost?.project[Symbol.asyncDispose]();
  await lost?.proxy[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
});

const phase = () => host.out(`sed -n 's/^phase //p' ${STATE}/state; ls ${STATE}/lease 2>/dev/null; true`);
const look = async (project: Project, ...args: string[]) => {
  const run = await project.fleet(...args, '--all');
  return { run, code: run.code, ...only(run) };
};
const SLOW = { run: { command: ['sh', '-c', 'sleep 543'] } };
const builds = () => host.out('pgrep -f "^sleep 543"; true');

describe('Ctrl-C', () => {
  it('in the build of a first deploy leaves the host as if nobody had been there', async () => {
    const before = await wholeHost(host);
    await using project = await keeperOn(host, { tasks: withTasks(SLOW) });
    const running = project.start(['deploy', '--all']);
    await eventually(async () => expect(await builds()).not.toBe(''));
    expect(await wholeHost(host)).not.toEqual(before);
    running.child.kill('SIGINT');
    const { code, stdout, stderr } = await running.ended;
    expect(code).toBe(130);
    expect(stdout.trimEnd().split('\n').at(-1)).toContain('fleet deploy --host it --app keeper');
    expect(stderr).toContain('fleet: stopping');
    expect(await builds()).toBe('');
    expect(await wholeHost(host)).toEqual(before);
  });

  it('while connecting to a host that does not answer ends at once', async () => {
    await using proxy = await tcpProxy(host);
    proxy.blackhole();
    await using project = await fleetProject({
      ...parts(['it']),
      hosts: { it: { host, fields: { port: proxy.port } } },
    });
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"phase":"connect"');
    const begun = Date.now();
    running.child.kill('SIGINT');
    const run = parseRun(await running.ended);
    expect(Date.now() - begun).toBeLessThan(5_000);
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 130, outcome: 'untouched' });
  });

  it('while the release is verified brings the old one back, and no lease stays', async () => {
    await using project = await keeperOn(host);
    expect(await look(project, 'deploy')).toMatchObject({ code: 0 });
    const live = await serving(host);
    version(project, 'unseen');
    const sleepy = { command: { command: ['sh', '-c', 'sleep 30'], timeout: '40s' } };
    project.playbook(playbook(['it'], { health: [{ unit: UNIT }, sleepy] }));
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"phase":"verify"');
    running.child.kill('SIGINT');
    const run = parseRun(await running.ended);
    expect({ code: run.code, ...only(run) }).toMatchObject({
      code: 130,
      outcome: 'reverted',
      failure: { kind: 'cancelled', phase: 'verify' },
    });
    expect(await serving(host)).toEqual(live);
    expect(await phase()).toBe('IDLE');
  });

  it('between the seal and the switch leaves no release behind: what was never live can be dropped, the rest cannot', async () => {
    const call = (...words: string[]) => host.out(`sh ${STATE}/host.sh ${ROOT} keeper ${words.join(' ')}`);
    await host.out(
      `cd ${STATE}/generations && cp -a 1 90 && rm 90/verdict && cp -a ${ROOT}/releases/1 ${ROOT}/releases/90`,
    );
    await call('drop', '90');
    await call('drop', '1');
    expect(
      await host.out(
        `ls ${STATE}/generations ${ROOT}/releases | grep -x 90; ls -d ${STATE}/generations/1 ${ROOT}/releases/1`,
      ),
    ).toBe(`${ROOT}/releases/1\n${STATE}/generations/1`);
  });
});

describe('a host that cannot be asked any more', () => {
  it('is begun here, and looked at in the end, since it takes its time', async () => {
    const app = little('lost', ['it'], { deploy: { settle: '1s', deadline: '8s' } });
    const proxy = await tcpProxy(host);
    const project = await fleetProject({ ...app.parts, hosts: { it: { host, fields: { port: proxy.port } } } });
    const running = project.start(['deploy', '--all', '--json']);
    lost = { project, proxy, running };
    await said(running, '"phase":"settle"');
    await proxy.close();
  });
});

describe('a way back that fails', () => {
  let project: Project;
  beforeAll(async () => {
    project = await keeperOn(host);
    version(project, 'one');
    expect((await look(project, 'deploy')).code).toBe(0);
  });
  afterAll(() => project?.[Symbol.asyncDispose]());

  it('ends with 4, names the host and the command, and stays so until the cause is gone', async () => {
    await host.out(`: >${ROOT}/data/refuse`);
    version(project, 'next');
    const stuck = await look(project, 'deploy');
    expect(stuck).toMatchObject({ code: 4, outcome: 'stuck', failure: { kind: 'not-settled' } });
    expect(stuck.run.stderr).toContain('it (keeper): stuck');
    expect(stuck.failure?.next.join('\n')).toMatch(/fleet (deploy|rollback|status|logs).*--host it/);
    expect(await phase()).toMatch(/^REVERT_FAILED/);
    const status = await project.human('status', '--all');
    expect(status.code).toBe(0);
    expect(status.stdout).toMatch(/^it +keeper .* STUCK /m);
    expect(status.stdout).toContain('fleet health --host it --app keeper');

    // The cause is still there: nothing new is begun, and the run says the same.
    expect(await look(project, 'deploy')).toMatchObject({
      code: 4,
      outcome: 'stuck',
      failure: { kind: 'needs-repair' },
    });
    expect(await phase()).toMatch(/^REVERT_FAILED/);
  });

  it('and is finished by the next deploy once it is', async () => {
    await host.out(`rm ${ROOT}/data/refuse`);
    const done = await look(project, 'deploy');
    expect(done).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(done.run.stdout).toContain('finished first');
    expect(await serving(host)).toEqual([`releases/${done.generation}`]);
    expect(await phase()).toBe('IDLE');
  });
});

describe('history', () => {
  it('says who, when, from, to, how and of which commit, survives rollbacks, and holds no secret', async () => {
    await using project = await keeperOn(host);
    const git = (...args: string[]) => {
      const { stdout, status, stderr } = spawnSync(
        'git',
        ['-C', `${project.folder}/app`, '-c', 'user.name=t', '-c', 'user.email=t@localhost', ...args],
        { encoding: 'utf8' },
      );
      expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
      return stdout.trim();
    };
    version(project, 'committed');
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'first');
    const commit = git('rev-parse', 'HEAD');
    const clean = await look(project, 'deploy');
    expect(clean).toMatchObject({ code: 0, outcome: 'deployed' });
    version(project, 'dirty');
    const dirty = await look(project, 'deploy');
    expect(dirty).toMatchObject({ code: 0, outcome: 'deployed' });
    version(project, 'broken');
    expect((await look(project, 'deploy')).code).toBe(1);
    const before = await host.out(`cat ${STATE}/log`);
    expect((await look(project, 'rollback')).code).toBe(0);

    const run = await project.fleet('history', '--all');
    const { report } = only(run) as unknown as {
      report: { entries: Record<string, unknown>[]; generations: Record<string, unknown>[] };
    };
    expect(report.entries.slice(-4)).toMatchObject([
      { action: 'deploy', to: clean.generation, result: 'committed' },
      { action: 'deploy', from: clean.generation, to: dirty.generation, result: 'committed' },
      { action: 'deploy', from: dirty.generation, result: 'reverted' },
      { action: 'rollback', from: dirty.generation, to: clean.generation, result: 'committed' },
    ]);
    for (const entry of report.entries) {
      expect(entry.at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(entry.by).toMatch(/^\S+@\S+$/);
    }
    const sources = new Map(report.generations.map(({ id, source }) => [id, source]));
    expect(sources.get(clean.generation)).toBe(commit);
    expect(sources.get(dirty.generation)).toBe(`${commit} dirty`);
    // Lines are added, never changed.
    expect((await host.out(`cat ${STATE}/log`)).startsWith(before)).toBe(true);
    expect(run.stdout + run.stderr + before).not.toContain('canary-keeper');
    expect(await host.out(`grep -rl canary-keeper /var/lib/fleet/keeper | sed 's/[0-9][0-9]*/N/' | sort -u`)).toBe(
      `${STATE}/generations/N/env`,
    );
  });
});

describe('rollback --nohup', () => {
  it('stops and disables the unit, and the app runs without systemd, comes back when killed, and after a reboot', async () => {
    await using project = await keeperOn(host);
    version(project, 'steady');
    expect((await look(project, 'deploy')).code).toBe(0);
    const { value, most } = await countCopies(host, () => look(project, 'rollback', '--nohup'));
    expect(value).toMatchObject({ code: 0, outcome: 'rolled-back' });
    expect(most).toBe(1);
    const live = [`releases/${value.generation}`];
    expect(await serving(host)).toEqual(live);
    const unit = `systemctl is-active ${UNIT}; systemctl is-enabled ${UNIT} 2>/dev/null; find /etc/systemd -name '${UNIT}'; true`;
    expect((await host.out(unit)).split('\n')[0]).toBe('inactive');
    expect(await host.out(unit)).not.toMatch(/enabled|\/etc/);
    expect((await project.fleet('health', '--all')).code).toBe(0);
    expect((await project.human('status', '--all')).stdout).toContain('nohup');

    await host.out(`kill -9 $(pgrep -x tail)`);
    await eventually(async () => expect(await serving(host)).toEqual(live));
    await host.reboot();
    await eventually(async () => expect(await serving(host)).toEqual(live));
    expect((await project.fleet('health', '--all')).code).toBe(0);

    const back = await countCopies(host, () => look(project, 'deploy'));
    expect(back.value).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(back.most).toBe(1);
    expect(await serving(host)).toEqual([`releases/${back.value.generation}`]);
    expect(
      await host.out(`systemctl is-active ${UNIT}; systemctl is-enabled ${UNIT}; crontab -l 2>/dev/null; true`),
    ).toBe('active\nenabled');
    expect(await look(project, 'deploy')).toMatchObject({ code: 0, outcome: 'unchanged' });
  });
});

describe('a host that could not be asked any more', () => {
  it('ends as unknown with exit 4, went back by itself, and status tells so', async () => {
    const run = parseRun(await lost.running.ended);
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 4, outcome: 'unknown' });
    expect(only(run).failure?.next.join('\n')).toContain('fleet status --host it');
    await using project = await fleetProject({ ...little('lost', ['it']).parts, hosts: { it: host } });
    const status = await project.fleet('status', '--all');
    expect(only(status)).toMatchObject({
      report: {
        generation: 0,
        phase: 'IDLE',
        open: null,
        last: { action: 'deploy', result: 'reverted', from: 0, to: 1 },
      },
    });
    expect(await host.out('ls -d /opt/lost/current /etc/systemd/system/lost.service 2>/dev/null; true')).toBe('');
  });
});
