import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { weakened } from './attacks/weakened.ts';
import { cli, fleetProject } from './fleet.ts';
import { throughHost } from './jump.ts';
import { type Little, little, standing, wholeOf } from './little.ts';
import { type Hosts, startHosts, type TestHost, tcpProxy } from './rig/index.ts';

let hosts: Hosts<{ a: 'plain'; b: 'systemd'; c: 'busybox' }>;
beforeAll(async () => {
  hosts = await startHosts({ a: 'plain', b: 'systemd', c: 'busybox' });
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

// That three containers, which share a kernel, are three machines is what all of the above rest on.
describe('two names of one machine', () => {
  const NOBODY_LOOKS = { in: 'probe.sh', text: '  tell_machine\n', by: '' };

  /** A machine by its port and by that of a proxy. */
  async function underTwoNames(app: Little, machine: TestHost, command = cli) {
    const proxy = await tcpProxy(machine);
    const project = await fleetProject({
      ...{ ...app.parts, cli: command },
      hosts: { one: machine, two: { host: machine, fields: { port: proxy.port } } },
    });
    return {
      proxy,
      async run(...args: string[]) {
        const { code, summary } = await project.fleet(...args);
        return { code, ends: summary?.hosts.map(({ outcome, failure }) => failure?.kind ?? outcome) };
      },
      async [Symbol.asyncDispose]() {
        await project[Symbol.asyncDispose]();
        await proxy.close();
      },
    };
  }

  it.each(NAMES)('are both left untouched, at no further connection, on %s', async (name) => {
    const app = little(`twins-${name}`, ['one', 'two']);
    const before = await wholeOf(hosts[name], app);
    await using it = await underTwoNames(app, hosts[name]);
    const refused = { code: 3, ends: ['same-machine', 'same-machine'] };
    expect(await it.run('plan', '--all')).toEqual(refused);
    expect(await it.run('deploy', '--all')).toEqual(refused);
    expect(await wholeOf(hosts[name], app)).toEqual(before);
    expect(it.proxy.connections).toBe(2);

    expect(await it.run('deploy', '--host', 'two')).toEqual({ code: 0, ends: ['deployed'] });
    expect(await it.run('rollback', '--all', '--full', '--yes')).toEqual(refused);
    expect((await standing(hosts[name], app)).at(0)).toBe('releases/1');
  });

  it('are deployed to by whichever is first where nobody looks', async () => {
    await using it = await underTwoNames(little('bare', ['one', 'two']), hosts.a, weakened([NOBODY_LOOKS]));
    // The other one finds the host busy, or that its base has moved.
    expect(await it.run('deploy', '--all')).toEqual({ code: 3, ends: expect.arrayContaining(['deployed']) });
  });
});

describe('thirty hosts at once through one jump host', () => {
  const ALL_AT_ONCE = { in: 'dist', text: 'slots(Math.max(1,', by: 'slots(Math.max(1000,' };
  /** How often its sshd, which is set up as Debian's is, has begun to refuse connections. */
  const refusals = async () => Number(await hosts.b.out('journalctl -u ssh -o cat | grep -c MaxStartups; true'));

  /** Names of one machine behind the door: it is the door that is looked at. */
  async function look(command: string) {
    const names = Array.from({ length: 30 }, (_, i) => `far${i}`);
    await using way = await throughHost(hosts.b, hosts.a);
    const far = { host: hosts.a, fields: { address: '127.0.0.1', port: way.port, jump: 'door' } };
    await using project = await fleetProject({
      ...{ ...little('through', names).parts, cli: command },
      hosts: { door: hosts.b, ...Object.fromEntries(names.map((name) => [name, far])) },
    });
    const { code, summary } = await project.fleet('status', '--all', '--parallel', '30');
    return { code, reported: summary?.hosts.filter(({ outcome }) => outcome === 'reported').length };
  }

  it('are let in one and all, by a door as it comes; where all knock together it refuses some', async () => {
    const before = await refusals();
    expect(await look(cli)).toEqual({ code: 0, reported: 30 });
    expect(await refusals()).toBe(before);
    await look(weakened([ALL_AT_ONCE]));
    expect(await refusals()).toBeGreaterThan(before);
  });
});
