import { afterAll, beforeAll, expect, it } from 'vitest';
import { fleetProject, type Project, type Run } from '../fleet.ts';
import { type Hosts, startHosts } from '../rig/index.ts';
import { parts, playbook, ROOT, serving, version, withTasks } from './keeper.ts';

let hosts: Hosts<{ a: 'plain'; b: 'plain'; c: 'plain' }>;
let project: Project;
const NAMES = ['a', 'b', 'c'] as const;
beforeAll(async () => {
  hosts = await startHosts({ a: 'plain', b: 'plain', c: 'plain' });
  project = await fleetProject({ ...parts(NAMES), hosts: { a: hosts.a, b: hosts.b, c: hosts.c } });
});
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await hosts?.[Symbol.asyncDispose]();
});

const live = () => Promise.all(NAMES.map(async (name) => (await serving(hosts[name])).join()));
const ends = (run: Run) => run.summary?.hosts.map(({ outcome }) => outcome);
const everything = () =>
  Promise.all(NAMES.map((name) => hosts[name].manifest([ROOT, '/var/lib/fleet', '/var/spool/cron'])));

it('confirm: together takes all hosts back when one of them is not healthy', async () => {
  expect((await project.fleet('deploy', '--all')).code).toBe(0);
  version(project, 'two');
  project.playbook(playbook(NAMES, { deploy: { settle: '1s', deadline: '30s', confirm: 'together' } }));
  await hosts.b.out(`touch ${ROOT}/data/refuse`);
  // It has to be able to go back to the generation that is live.
  const mend = hosts.b.out(`for i in $(seq 300); do
      [ "$(readlink ${ROOT}/current)" = releases/1 ] || break; sleep 0.1
    done; while ! grep -q REVERTING /var/lib/fleet/keeper/state; do sleep 0.05; done; rm ${ROOT}/data/refuse`);
  const run = await project.fleet('deploy', '--all');
  await mend;
  expect({ code: run.code, ends: ends(run) }).toEqual({ code: 1, ends: ['reverted', 'reverted', 'reverted'] });
  expect(run.summary?.hosts.map(({ failure }) => failure?.kind)).toEqual(['skipped', 'not-settled', 'skipped']);
  expect(await live()).toEqual(['releases/1', 'releases/1', 'releases/1']);
});

it('a rollback changes no host when one of them has nothing to go back to, and says which', async () => {
  project.playbook(playbook(NAMES));
  expect((await project.fleet('deploy', '--host', 'a', '--host', 'c')).code).toBe(0);
  // As if the one before had been pruned there.
  await hosts.b.out(`sed -i 's/^base .*/base 77/' /var/lib/fleet/keeper/generations/1/manifest`);
  const before = await everything();
  const run = await project.fleet('rollback', '--all');
  expect({ code: run.code, ends: ends(run) }).toEqual({ code: 3, ends: ['untouched', 'untouched', 'untouched'] });
  expect(run.summary?.hosts.map(({ failure }) => failure?.kind)).toEqual(['skipped', 'no-target', 'skipped']);
  expect(run.stderr).toContain('another host of this rollback cannot go back');
  expect(await everything()).toEqual(before);
});

it('the hosts that can go back do when they are named', async () => {
  const run = await project.fleet('rollback', '--host', 'a', '--host', 'c');
  expect({ code: run.code, ends: ends(run) }).toEqual({ code: 0, ends: ['rolled-back', 'rolled-back'] });
  expect(await live()).toEqual(['releases/1', 'releases/1', 'releases/1']);
});

it('a mixed end says so, host by host', async () => {
  version(project, 'three');
  await hosts.c.out(
    `touch ${ROOT}/hold; mkdir -p /var/lib/fleet/keeper; printf '2026-01-01T00:00:00Z\\nalice@desk\\nmoving house\\n' >/var/lib/fleet/keeper/hold`,
  );
  const run = await project.human('deploy', '--all');
  expect(run.code).toBe(3);
  const words = run.stdout + run.stderr;
  expect(words).toMatch(/c .*untouched/);
  expect(words).toContain('moving house');
  expect(words).toMatch(/2 .*deployed|deployed.*2/);
  expect((await live())[2]).toBe('releases/1');
  expect((await live())[0]).not.toBe('releases/1');
});

it('confirm: together with a host that is slower than the deadline ends with all of them new, or none', async () => {
  await Promise.all(NAMES.map((name) => hosts[name].out('rm -f /var/lib/fleet/keeper/hold')));
  const slow = { run: { command: ['sh', '-c', `[ "$(hostname)" != b ] || sleep 9`] } };
  const deploy = { settle: '1s', deadline: '8s', confirm: 'together' };
  project.playbook(playbook(NAMES, { deploy, tasks: withTasks(slow) }));
  version(project, 'together');
  const run = await project.fleet('deploy', '--all');
  expect(new Set(ends(run)).size, run.stdout).toBe(1);
  const versions = await Promise.all(NAMES.map((name) => hosts[name].out(`cat ${ROOT}/current/VERSION`)));
  const at = run.summary?.hosts.map(({ outcome }) => outcome === 'deployed');
  expect(versions.map((text) => text === 'together')).toEqual(at);
});
