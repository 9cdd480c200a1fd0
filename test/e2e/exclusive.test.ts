import { afterAll, beforeAll, expect, it } from 'vitest';
import { fleetProject, type Run } from './fleet.ts';
import { little, standing, wholeOf } from './little.ts';
import { type Hosts, startHosts } from './rig/index.ts';

let hosts: Hosts<{ a: 'systemd'; b: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ a: 'systemd', b: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const ends = (run: Run) => run.summary?.hosts.map(({ host, outcome }) => `${host} ${outcome}`);
const first = (run: Run, host: string) => run.events.findIndex((event) => event.host === host);
const last = (run: Run, host: string) => run.events.findLastIndex((event) => event.host === host);

it('what only one host may run moves to another in one deploy, and the one who had it is done first', async () => {
  const app = little('poller', ['a', 'b']);
  const playbook = (a: readonly string[], b: readonly string[]) =>
    app.playbook(['a', 'b'], {
      vars: { on_a: a, on_b: b },
      exclusive: [{ name: 'poller', units: [app.unit] }],
      tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: '{{ services }}' } }],
      health: [],
    });
  await using project = await fleetProject({
    ...app.parts,
    playbook: playbook([app.unit], []),
    hosts: {
      a: { host: hosts.a, fields: { vars: { services: '{{ on_a }}' } } },
      b: { host: hosts.b, fields: { vars: { services: '{{ on_b }}' } } },
    },
  });
  const before = await project.fleet('deploy', '--all');
  expect(ends(before)).toEqual(['a deployed', 'b deployed']);
  expect(last(before, 'b')).toBeLessThan(first(before, 'a'));
  expect((await standing(hosts.a, app))[1]).toBe('one');

  project.playbook(playbook([], [app.unit]));
  await hosts.a.out(`rm ${app.root}/serving`);
  const after = await project.fleet('deploy', '--all');
  expect(ends(after)).toEqual(['a deployed', 'b deployed']);
  expect(last(after, 'a')).toBeLessThan(first(after, 'b'));
  expect(await hosts.a.out('systemctl is-active poller.service; true')).toBe('inactive');
  expect((await standing(hosts.b, app))[1]).toBe('one');
});

it('a precondition that does not hold leaves the host as it is, to the byte, and says why', async () => {
  const app = little('careful', ['b']);
  const preconditions = [{ unit: 'nobody.service' }, { command: ['test', '-e', '/tmp/go'] }];
  await using project = await fleetProject({
    ...app.parts,
    playbook: app.playbook(['b'], { preconditions }),
    hosts: { b: hosts.b },
  });
  const empty = await wholeOf(hosts.b, app);
  const plan = await project.human('plan', '--all');
  expect(plan.stdout).toContain('a deploy would leave this host untouched: the precondition unit nobody.service');
  const refused = await project.fleet('deploy', '--all');
  expect(refused.code).toBe(3);
  expect(refused.summary?.hosts[0]).toMatchObject({
    outcome: 'untouched',
    failure: { kind: 'precondition', message: '2 of 2 preconditions did not hold' },
  });
  expect(await wholeOf(hosts.b, app)).toEqual(empty);

  project.playbook(app.playbook(['b'], { preconditions: preconditions.slice(1) }));
  await hosts.b.out('touch /tmp/go');
  expect(ends(await project.fleet('deploy', '--all'))).toEqual(['b deployed']);
  expect(await wholeOf(hosts.b, app)).not.toEqual(empty);

  await hosts.b.out('rm /tmp/go');
  expect(ends(await project.fleet('deploy', '--all'))).toEqual(['b unchanged']);
  project.write('app/VERSION', 'two\n');
  const good = await wholeOf(hosts.b, app);
  expect(ends(await project.fleet('deploy', '--all'))).toEqual(['b untouched']);
  expect(await wholeOf(hosts.b, app)).toEqual(good);
  expect(ends(await project.fleet('rollback', '--all', '--full', '--yes'))).toEqual(['b removed']);
});
