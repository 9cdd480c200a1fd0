import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, parseRun, said } from '../fleet.ts';
import { type Hosts, startHosts, type TestHost, tcpProxy } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import { live, running, type SteadyApp, steadyApp } from './steady-app.ts';

let hosts: Hosts<{ web: 'systemd'; edge: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ web: 'systemd', edge: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const NAMES = ['web', 'edge'] as const;
const DEADLINE = { settle: '2s', deadline: '12s' };

async function deployed(app: SteadyApp, host: TestHost, port = host.port) {
  const project = await fleetProject({ ...app.parts, hosts: { it: { host, fields: { port } } } });
  const run = await project.fleet('deploy', '--all');
  expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, failure: null, outcome: 'deployed' });
  project.write('app/VERSION', 'two\n');
  return project;
}

const version = async (host: TestHost, app: SteadyApp) => (await running(host, app)).split(' ').slice(1).join(' ');
const phase = (host: TestHost, app: SteadyApp) => host.out(`sed -n 's/^phase //p' ${app.state}/state`);

describe('a network', () => {
  describe('that is cut for good while the release settles: the host goes back by itself, and fleet does not guess', () => {
    it.concurrent.each(NAMES)('on %s', async (name) => {
      const host = () => hosts[name];
      const app = steadyApp('cut', { deploy: DEADLINE });
      await using proxy = await tcpProxy(host());
      await using project = await deployed(app, host(), proxy.port);
      const before = (await live(host(), app)).slice(1);
      const fleet = project.start(['deploy', '--all', '--json']);
      await said(fleet, '"phase":"settle"');
      proxy.blackhole();
      // Nobody else is there to do it.
      await eventually(async () => expect(await phase(host(), app)).toBe('IDLE'), 40_000);
      expect(await version(host(), app)).toBe('one');
      expect((await live(host(), app)).slice(1)).toEqual(before);
      expect(await host().out(`tail -n 1 ${app.state}/log`)).toMatch(/ deploy 1 2 reverted /);
      // And the other side is told when it can be reached at last: what the host decided, not what was asked for.
      proxy.restore();
      const run = parseRun(await fleet.ended);
      expect({ code: run.code, ...only(run) }).toMatchObject({ code: 1, outcome: 'reverted', generation: 1 });
      expect(only(run).failure?.kind).toMatch(/^(expired|connection-lost)$/);
    });
  });

  describe('that comes back before the deadline lets the deploy complete', () => {
    it.concurrent.each(NAMES)('on %s', async (name) => {
      const host = () => hosts[name];
      const app = steadyApp('back', { deploy: { settle: '2s', deadline: '60s' } });
      await using proxy = await tcpProxy(host());
      await using project = await deployed(app, host(), proxy.port);
      const fleet = project.start(['deploy', '--all', '--json']);
      await said(fleet, '"phase":"settle"');
      proxy.blackhole();
      await eventually(async () => expect(await phase(host(), app)).toBe('AWAIT_CONFIRM'), 20_000);
      proxy.restore();
      // What was under way is lost: only a new connection helps.
      proxy.reset();
      const run = parseRun(await fleet.ended);
      const { outcome, generation } = only(run);
      expect(await host().out(`readlink ${app.root}/current`)).toBe(`releases/${generation}`);
      expect(await version(host(), app)).toBe(outcome === 'deployed' ? 'two' : 'one');
      expect({ code: run.code, outcome }).toEqual({ code: 0, outcome: 'deployed' });
    });
  });
});

describe('a service', () => {
  describe('that settles and dies while a slow check still runs is taken back', () => {
    it.concurrent.each(NAMES)('on %s', async (name) => {
      const host = () => hosts[name];
      const slow = { command: { command: ['sleep', '4'], timeout: '9s' } };
      const serve = '[ "$v" != late ] || exec sleep 3.5';
      const app = steadyApp('late', { deploy: { settle: '1s', deadline: '25s' } }, serve);
      await using project = await deployed(app, host());
      const before = (await live(host(), app)).slice(1);
      project.playbook(app.playbook({ health: [{ unit: app.unit }, slow] }));
      // Ends well, so that nothing but its being gone can tell.
      project.write('app/VERSION', 'late\n');
      const run = await project.fleet('deploy', '--all');
      expect({ code: run.code, ...only(run) }).toMatchObject({ code: 1, outcome: 'reverted', generation: 1 });
      expect(run.events.some(({ type, phase }) => type === 'phase' && phase === 'verify')).toBe(true);
      expect(JSON.stringify(only(run).failure)).toContain(app.unit);
      expect(await version(host(), app)).toBe('one');
      expect((await live(host(), app)).slice(1)).toEqual(before);
      // The same check and a service that stays: it is not the check that fails.
      project.write('app/VERSION', 'two\n');
      expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ failure: null, outcome: 'deployed' });
    });
  });
});

describe('a clock', () => {
  describe('that is years off, and jumps at every look, changes no verdict', () => {
    it.concurrent.each(NAMES)('on %s', async (name) => {
      const host = () => hosts[name];
      const app = steadyApp('clock');
      // The program looks here first; the machine's own clock is everybody's.
      const wrong = `#!/bin/sh\nn=$(cat /tmp/looks 2>/dev/null || echo 0); n=$((n + 1)); echo $n >/tmp/looks
[ $((n % 2)) = 0 ] && exec /bin/date -d '10 years' "$@"\nexec /bin/date -d '10 years ago' "$@"\n`;
      await host().writeFile('/usr/local/sbin/date', wrong, 0o755);
      try {
        await using project = await deployed(app, host());
        expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ failure: null, outcome: 'deployed' });
        project.write('app/VERSION', 'broken\n');
        expect(only(await project.fleet('deploy', '--all'))).toMatchObject({ outcome: 'reverted', generation: 2 });
        expect(await version(host(), app)).toBe('two');
        expect(only(await project.fleet('rollback', '--all'))).toMatchObject({ failure: null, outcome: 'rolled-back' });
        expect(await version(host(), app)).toBe('one');
        // It was really asked, and the history has its nonsense.
        const years = (await host().out(`cut -c 1-4 ${app.state}/log | sort -u`)).split('\n').map(Number);
        const now = new Date().getFullYear();
        expect(years.every((year) => Math.abs(year - now) >= 9)).toBe(true);
      } finally {
        await host().out('rm -f /usr/local/sbin/date /tmp/looks');
      }
    });
  });
});
