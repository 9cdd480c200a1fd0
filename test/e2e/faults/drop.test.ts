import { afterAll, beforeAll, expect, it } from 'vitest';
import { fleetProject } from '../fleet.ts';
import { startHost, type TestHost } from '../rig/index.ts';
import { faulty } from './faulty.ts';
import { deploy } from './operator.ts';

let host: TestHost;
beforeAll(async () => {
  host = await startHost('drop', 'plain');
});
afterAll(() => host?.[Symbol.asyncDispose]());

const projectWith = (...tasks: readonly object[]) =>
  fleetProject({
    hosts: { it: host },
    files: { 'app/VERSION': 'one\n' },
    units: { 'drop.service': '[Service]\nExecStart=/bin/sleep infinity\n' },
    playbook: {
      ...{ name: 'drop', root: '/opt/drop', hosts: ['it'], deploy: { settle: '1s', deadline: '20s' } },
      tasks: [
        { directories: [{ path: '/srv/drop' }] },
        { sync: { from: 'app' } },
        ...tasks,
        { units: { from: 'units' } },
      ],
    },
  });
const made = () => host.out('ls -d /srv/drop 2>/dev/null; true');

it('a release that cannot be dropped keeps nothing else from being taken back, and the end says what is left', async () => {
  await using project = await projectWith({ run: { command: ['sh', '-c', 'exit 3'] } });
  const clean = faulty(null);
  const whole = await deploy(project, clean);
  expect(whole).toMatchObject({ end: 'reverted', generation: 0 });
  expect(whole).not.toHaveProperty('left');
  const at = clean.calls.indexOf('drop') + 1;
  expect(at).toBeGreaterThan(0);

  const between = faulty({ at, how: 'fails', delayMs: 0 });
  const outcome = await deploy(project, between);
  expect(between.hit()).toBe('drop');
  const release = { kind: 'release', name: '/opt/drop/releases/1', because: 'error no space left' };
  expect(outcome).toMatchObject({ end: 'reverted', generation: 0, left: expect.arrayContaining([release]) });
  expect(await made()).toBe('');
});

it('what a repair has made goes again when the host refuses to begin with it', async () => {
  await using project = await projectWith();
  expect(await deploy(project)).toMatchObject({ end: 'deployed' });
  await host.out('rmdir /srv/drop');
  const clean = faulty(null);
  expect(await deploy(project, clean)).toMatchObject({ end: 'deployed' });
  expect(await made()).toBe('/srv/drop');

  await host.out('rmdir /srv/drop');
  const between = faulty({ at: clean.calls.indexOf('activate') + 1, how: 'fails', delayMs: 0 });
  expect(await deploy(project, between)).toMatchObject({ end: 'reverted', generation: 1 });
  expect(between.hit()).toBe('activate');
  expect(await made()).toBe('');
});
