import { afterAll, beforeAll, expect, it } from 'vitest';
import { fleetProject } from './fleet.ts';
import { little, standing } from './little.ts';
import { type Hosts, startHosts, tcpProxy } from './rig/index.ts';

let hosts: Hosts<{ a: 'plain'; b: 'plain'; c: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ a: 'plain', b: 'plain', c: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];

/** Deploys to all three, with a version that does not stay up on one of them. */
async function rollout(name: string, broken: Name | null, policy: object) {
  const tasks = [
    { sync: { from: 'app', exclude: ['VERSION'] } },
    { files: [{ content: '{{ version }}\n', to: 'VERSION' }] },
    { units: { from: 'units', enable: [`${name}.service`] } },
  ];
  const app = little(name, NAMES, { tasks, deploy: { settle: '1s', deadline: '20s', ...policy } });
  const proxies = { a: await tcpProxy(hosts.a), b: await tcpProxy(hosts.b), c: await tcpProxy(hosts.c) };
  const entry = (one: Name) => ({
    host: hosts[one],
    fields: { port: proxies[one].port, vars: { version: one === broken ? 'broken' : 'good' } },
  });
  await using project = await fleetProject({ ...app.parts, hosts: { a: entry('a'), b: entry('b'), c: entry('c') } });
  const run = await project.fleet('deploy', '--all');
  const live = await Promise.all(NAMES.map(async (one) => (await standing(hosts[one], app))[1] ?? null));
  const connections = NAMES.map((one) => proxies[one].connections);
  for (const one of NAMES) await proxies[one].close();
  const ends = run.summary?.hosts.map(({ outcome }) => outcome);
  return { code: run.code, ends, live, connections, failures: run.summary?.hosts.map(({ failure }) => failure) };
}

it('a canary that fails keeps all others from being contacted at all', async () => {
  const { code, ends, connections, failures, live } = await rollout('canary', 'a', { canary: 1, onFailure: 'stop' });
  expect({ code, ends }).toEqual({ code: 1, ends: ['reverted', 'untouched', 'untouched'] });
  expect(connections.map((count) => count > 0)).toEqual([true, false, false]);
  expect(live).toEqual([null, null, null]);
  expect(failures?.[0]).toMatchObject({ kind: 'not-settled' });
  expect(failures?.[1]).toMatchObject({
    kind: 'skipped',
    message: 'not started: an earlier host failed, and the playbook says onFailure: stop',
    next: [expect.stringContaining('run the same command again')],
  });
});

it('a host that fails in a batch stops the batches after it, and those before it stay', async () => {
  const { code, ends, live } = await rollout('batch', 'b', { batch: 1, onFailure: 'stop' });
  expect({ code, ends }).toEqual({ code: 1, ends: ['deployed', 'reverted', 'untouched'] });
  expect(live).toEqual(['good', null, null]);
});

it('onFailure: continue goes on with all others, and the run still ends with 1', async () => {
  const { code, ends, live } = await rollout('onward', 'a', { batch: 1, canary: 1, onFailure: 'continue' });
  expect({ code, ends }).toEqual({ code: 1, ends: ['reverted', 'deployed', 'deployed'] });
  expect(live).toEqual([null, 'good', 'good']);
});

it('where none fails all are deployed', async () => {
  const { code, ends, live } = await rollout('fine', null, { batch: 1, canary: 1 });
  expect({ code, ends }).toEqual({ code: 0, ends: ['deployed', 'deployed', 'deployed'] });
  expect(live).toEqual(['good', 'good', 'good']);
});
