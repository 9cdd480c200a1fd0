import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, type Project, parseRun, said } from './fleet.ts';
import { type Little, little, standing, wholeOf } from './little.ts';
import { drawn, type Hosts, startHosts, type TestHost } from './rig/index.ts';
import { eventually } from './samples.ts';

let hosts: Hosts<{ one: 'systemd'; two: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ one: 'systemd', two: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const OLD = ['releases/1', 'one', 'IDLE'];
const SLOW = { run: { command: ['sh', '-c', 'sleep 321'] } };

/** A project whose first generation is live on the host. */
async function live(app: Little, host: TestHost): Promise<Project> {
  const project = await fleetProject({ ...app.parts, hosts: { it: host } });
  expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed', generation: 1 });
  project.write('app/VERSION', 'two\n');
  return project;
}

describe.each(drawn('one', 'two'))('Ctrl-C on a deploy to %s', (name) => {
  const host = () => hosts[name];

  it('while the release is built ends with 130, and the host is as it was, with nothing left running', async () => {
    const app = little('built', ['it']);
    await using project = await live(app, host());
    const before = await wholeOf(host(), app);
    const tasks = [{ sync: { from: 'app' } }, SLOW, { units: { from: 'units', enable: [app.unit] } }];
    project.playbook(app.playbook(['it'], { tasks }));
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, 'run sh -c');
    await eventually(() => host().out('pgrep -f "^sleep 321"'));
    running.child.kill('SIGINT');
    const run = parseRun(await running.ended);
    expect({ code: run.code, ...only(run) }).toMatchObject({
      code: 130,
      outcome: 'reverted',
      generation: 1,
      failure: { kind: 'cancelled', next: [expect.stringContaining('run the same command again')] },
    });
    expect(run.stderr).toContain('fleet: stopping');
    expect(await standing(host(), app)).toEqual(OLD);
    expect(await wholeOf(host(), app)).toEqual(before);
    expect((await host().sh('pgrep -f "^sleep 321"')).stdout).toBe('');
    project.playbook(app.playbook(['it']));
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed' });
  });

  it('while the services settle ends with 130, and the old generation serves again', async () => {
    const app = little('settling', ['it']);
    await using project = await live(app, host());
    project.playbook(app.playbook(['it'], { deploy: { settle: '6s', deadline: '20s' } }));
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"phase":"settle"');
    const begun = Date.now();
    running.child.kill('SIGINT');
    const run = parseRun(await running.ended);
    // The way back has to settle too; what was left of the way there is not waited for.
    expect(Date.now() - begun).toBeLessThan(10_000);
    expect({ code: run.code, ...only(run) }).toMatchObject({ code: 130, outcome: 'reverted', generation: 1 });
    expect(await standing(host(), app)).toEqual(OLD);
    expect((await project.fleet('health', '--all')).code).toBe(0);
  });

  it('and once more leaves at once; the host goes back by itself when its deadline is over', async () => {
    const app = little('left', ['it']);
    await using project = await live(app, host());
    project.playbook(app.playbook(['it'], { deploy: { settle: '4s', deadline: '6s' } }));
    const running = project.start(['deploy', '--all']);
    await said(running, 'watching whether the services stay up');
    // Both at once: the second one must not wait for what the first one began.
    running.child.kill('SIGSTOP');
    running.child.kill('SIGINT');
    running.child.kill('SIGTERM');
    const begun = Date.now();
    running.child.kill('SIGCONT');
    const ended = await running.ended;
    expect(Date.now() - begun).toBeLessThan(3_000);
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain('fleet: left at once; hosts in the middle of a change go back by themselves');
    await eventually(async () => expect(await standing(host(), app)).toEqual(OLD), 25_000);
    project.playbook(app.playbook(['it']));
    expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'deployed' });
  });
});

it('Ctrl-C starts no host that was still waiting', async () => {
  const app = little('waiting', ['one', 'two'], { deploy: { batch: 1, settle: '1s', deadline: '20s' } });
  await using project = await fleetProject({ ...app.parts, hosts: { one: hosts.one, two: hosts.two } });
  const running = project.start(['deploy', '--all', '--json']);
  await said(running, '"phase":"probe"');
  running.child.kill('SIGINT');
  const run = parseRun(await running.ended);
  expect(run.code).toBe(130);
  expect(run.summary?.hosts.map(({ outcome }) => outcome)[1]).toBe('untouched');
  expect(run.summary?.hosts[1]?.failure).toMatchObject({
    kind: 'skipped',
    message: 'not started: the run was interrupted before this host was started',
  });
  expect(await wholeOf(hosts.two, app)).toEqual([]);
});
