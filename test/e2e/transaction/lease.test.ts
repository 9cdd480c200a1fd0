import { hostname, userInfo } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project, parseRun, said } from '../fleet.ts';
import { startHost, type TestHost, tcpProxy } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import {
  countCopies,
  enabling,
  keeperOn,
  parts,
  playbook,
  ROOT,
  STATE,
  serving,
  UNIT,
  version,
  withTasks,
} from './keeper.ts';

let host: TestHost;
beforeAll(async () => {
  host = await startHost('it', 'systemd');
});
afterAll(() => host?.[Symbol.asyncDispose]());

const ME = `${userInfo().username}@${hostname()}`;
const SLOW = { run: { command: ['sh', '-c', 'sleep 432'] } };
const everything = () => host.manifest([ROOT, '/var/lib/fleet', '/etc/systemd/system', '/etc/passwd']);
const state = () => host.out(`sed -n 's/^phase //p' ${STATE}/state; readlink ${ROOT}/current`);

const look = async (project: Project, ...args: string[]) => {
  const run = await project.fleet(...args, '--all');
  return { code: run.code, ...only(run) };
};

describe('while somebody stages', () => {
  let a: Project;
  let b: Project;
  beforeAll(async () => {
    a = await keeperOn(host);
    expect(await look(a, 'deploy')).toMatchObject({ code: 0, generation: 1 });
    b = await keeperOn(host);
    version(b, 'of-b');
    version(a, 'of-a');
    a.playbook(playbook(['it'], { tasks: withTasks(SLOW) }));
  });
  afterAll(async () => {
    for (const project of [a, b]) await project?.[Symbol.asyncDispose]();
  });

  it('a second deploy and a rollback exit 3, name who, since when and what, and change nothing', async () => {
    const running = a.start(['deploy', '--all', '--json']);
    await eventually(() => host.out('pgrep -f "^sleep 432"'));
    const before = await everything();
    for (const command of ['deploy', 'rollback']) {
      const refused = await look(b, command, '--yes');
      expect(refused).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'locked', hold: false } });
      expect(refused.failure?.message).toMatch(
        new RegExp(String.raw`${ME}, who is staging generation 2 since \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ`),
      );
    }
    expect(await everything()).toEqual(before);
    const shown = await b.human('lock', '--all');
    expect(shown.stdout).toContain(`${ME}, who is staging generation 2`);

    // Whoever is killed holds nothing any more: no waiting, no unlocking.
    running.child.kill('SIGKILL');
    await running.ended;
    const next = await eventually(async () => {
      const done = await look(b, 'deploy');
      if (done.outcome !== 'deployed') throw new Error(JSON.stringify(done));
      return done;
    }, 5_000);
    expect(next).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(await serving(host)).toEqual([`releases/${next.generation}`]);
    expect(await host.out(`ls ${STATE}/generations -A | grep staging; ls ${STATE}/lease 2>/dev/null; true`)).toBe('');
    await eventually(async () => expect((await host.sh('pgrep -f "^sleep 432"')).stdout).toBe(''));
  });

  it('also over a slow line, before anything was sent', async () => {
    await using proxy = await tcpProxy(host);
    await using slow = await fleetProject({
      ...parts(['it']),
      hosts: { it: { host, fields: { port: proxy.port } } },
    });
    version(slow, 'of-slow');
    const running = slow.start(['deploy', '--all', '--json']);
    await said(running, '"phase":"prepare"');
    proxy.delay(1_000);
    await eventually(() => host.out(`test -f ${STATE}/lease`));
    expect(await look(b, 'rollback', '--to', '1')).toMatchObject({ code: 3, failure: { kind: 'locked' } });
    proxy.delay(0);
    expect(only(parseRun(await running.ended))).toMatchObject({ outcome: 'deployed' });
  });
});

describe('a hold', () => {
  it('refuses deploys and rollbacks with its reason, through a reboot, until it is released', async () => {
    await using project = await keeperOn(host);
    version(project, 'held');
    expect((await project.human('lock', '--all', '--hold', "disk swap, don't touch")).code).toBe(0);
    const refuses = async () => {
      for (const command of ['deploy', 'rollback']) {
        const refused = await look(project, command, '--yes');
        expect(refused).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'locked', hold: true } });
        expect(refused.failure?.message).toContain("disk swap, don't touch");
        expect(refused.failure?.message).toContain(ME);
      }
    };
    await refuses();
    expect((await project.human('lock', '--all', '--hold', 'another')).code).toBe(3);
    await host.reboot();
    await refuses();
    expect((await project.human('lock', '--all', '--release')).code).toBe(0);
    expect(await look(project, 'deploy')).toMatchObject({ code: 0, outcome: 'deployed' });
  });
});

describe('racing deploys', () => {
  it('have one winner in each round, and the host runs one copy of what the winner says', async () => {
    const projects = await Promise.all(Array.from({ length: 5 }, () => keeperOn(host)));
    try {
      for (let round = 0; round < 3; round += 1) {
        for (const [i, project] of projects.entries()) version(project, `round-${round}-${i}`);
        const { value, most } = await countCopies(host, () => Promise.all(projects.map((one) => look(one, 'deploy'))));
        const won = value.flatMap(({ outcome }, i) => (outcome === 'deployed' ? [i] : []));
        const lost = value.filter(({ outcome }) => outcome !== 'deployed');
        expect({ won: won.length, most }).toEqual({ won: 1, most: 1 });
        for (const one of lost) {
          expect(one).toMatchObject({ code: 3, outcome: 'untouched' });
          expect(['locked', 'base-moved']).toContain(one.failure?.kind);
        }
        expect(await host.out(`cat ${ROOT}/current/VERSION`)).toBe(`round-${round}-${won[0]}`);
        expect(await serving(host)).toEqual([`releases/${value[won[0] ?? 0]?.generation}`]);
        expect(await state()).toMatch(/^IDLE\n/);
        expect(await host.out(`find ${STATE} -name '.*' -mindepth 1; ls ${STATE}/lease 2>/dev/null; true`)).toMatch(
          /^(.*\/\.host-\S+)?$/,
        );
      }
    } finally {
      for (const project of projects) await project[Symbol.asyncDispose]();
    }
  });
});

describe('a controller that slept', () => {
  it('through the deadline learns from the host that its release was taken back', async () => {
    await using project = await keeperOn(host, { deploy: { settle: '1s', deadline: '6s' } });
    const live = await serving(host);
    version(project, 'slept');
    const sleepy = { command: { command: ['sh', '-c', 'echo >/tmp/verifying; sleep 2'], retryFor: '3s' } };
    project.playbook(playbook(['it'], { deploy: { settle: '1s', deadline: '6s' }, health: [{ unit: UNIT }, sleepy] }));
    await host.out('rm -f /tmp/verifying');
    const running = project.start(['deploy', '--all', '--json']);
    await eventually(() => host.out('test -e /tmp/verifying'));
    running.child.kill('SIGSTOP');
    await eventually(async () => expect(await state()).toBe(`IDLE\n${live[0]}`), 20_000);
    running.child.kill('SIGCONT');
    const run = parseRun(await running.ended);
    expect({ code: run.code, ...only(run) }).toMatchObject({
      code: 1,
      outcome: 'reverted',
      failure: { kind: 'expired' },
    });
    expect(await serving(host)).toEqual(live);
  });

  it('through somebody else’s deploy too, and does not disturb it', async () => {
    await using project = await keeperOn(host);
    version(project, 'slept-again');
    const policy = { deploy: { settle: '1s', deadline: '6s' } };
    const sleepy = { command: { command: ['sh', '-c', 'echo >/tmp/verifying; sleep 2'], retryFor: '3s' } };
    project.playbook(playbook(['it'], { ...policy, health: [{ unit: UNIT }, sleepy] }));
    await host.out('rm -f /tmp/verifying');
    const running = project.start(['deploy', '--all', '--json']);
    await eventually(() => host.out('test -e /tmp/verifying'));
    running.child.kill('SIGSTOP');
    await eventually(async () => expect(await state()).toMatch(/^IDLE/), 20_000);
    await using other = await keeperOn(host, { tasks: enabling(UNIT) });
    version(other, 'of-the-other');
    const done = await look(other, 'deploy');
    expect(done).toMatchObject({ code: 0, outcome: 'deployed' });
    const after = await everything();
    running.child.kill('SIGCONT');
    const run = parseRun(await running.ended);
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 1, outcome: 'reverted' });
    expect(await everything()).toEqual(after);
    expect(await serving(host)).toEqual([`releases/${done.generation}`]);
  });
});
