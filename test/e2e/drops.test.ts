import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only, parseRun, type Run, said } from './fleet.ts';
import { type Little, little, standing, wholeOf } from './little.ts';
import { drawn, type Hosts, silentServer, startHosts, type TcpProxy, type TestHost, tcpProxy } from './rig/index.ts';
import { eventually } from './samples.ts';

let hosts: Hosts<{ one: 'systemd'; two: 'plain' }>;
beforeAll(async () => {
  hosts = await startHosts({ one: 'systemd', two: 'plain' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

/** A project whose only host is reached through the proxy, with generation 1 live. */
async function throughProxy(app: Little, host: TestHost, proxy: TcpProxy) {
  const project = await fleetProject({ ...app.parts, hosts: { it: { host, fields: { port: proxy.port } } } });
  const run = await project.fleet('deploy', '--all');
  expect({ code: run.code, ...only(run) }).toMatchObject({ code: 0, outcome: 'deployed', generation: 1 });
  return project;
}

const outcomeOf = (run: Run) => ({ code: run.code, ...only(run) });
const SLOW = { run: { command: ['sh', '-c', 'sleep 300'] } };

// Each of the three waits more than it works, and has apps of its own.
describe.concurrent.each(drawn('one', 'two'))('a connection to %s', (name) => {
  it.sequential('that drops in the middle of a transfer leaves the host as it was, and the next deploy works', async () => {
    const app = little('dropped', ['it']);
    await using proxy = await tcpProxy(hosts[name]);
    await using project = await throughProxy(app, hosts[name], proxy);
    // Bytes that do not shrink, so that the cut is in the middle of them.
    project.write('app/VERSION', 'two\n');
    project.write('app/big', Array.from({ length: 60_000 }, () => Math.random().toString(36)).join('\n'));
    const before = await wholeOf(hosts[name], app);
    const running = project.start(['deploy', '--all', '--json']);
    await said(running, '"type":"step"');
    proxy.cutAfterBytes(200_000);
    const run = parseRun(await running.ended);
    // Back on a new connection it could tidy up; so it is "reverted", to what it was.
    expect(outcomeOf(run)).toMatchObject({ code: 1, outcome: 'reverted', generation: 1 });
    expect(only(run).failure).toMatchObject({ kind: 'connection-lost' });
    expect(only(run).failure?.message).toContain('the connection broke off');
    expect(only(run).failure?.next.join(' ')).toContain('Run the same command again');
    expect(await wholeOf(hosts[name], app)).toEqual(before);
    expect(await standing(hosts[name], app)).toEqual(['releases/1', 'one', 'IDLE']);
    expect(outcomeOf(await project.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(await standing(hosts[name], app)).toMatchObject({ 1: 'two', 2: 'IDLE' });
  });

  it.sequential('that drops in the middle of the switch is picked up again, and the verdict is the one of the host', async () => {
    const app = little('switched', ['it'], { deploy: { settle: '3s', deadline: '20s' } });
    await using proxy = await tcpProxy(hosts[name]);
    await using project = await throughProxy(app, hosts[name], proxy);
    for (const version of ['two', 'broken']) {
      project.write('app/VERSION', `${version}\n`);
      const running = project.start(['deploy', '--all', '--json']);
      await said(running, '"phase":"settle"');
      proxy.reset();
      const run = parseRun(await running.ended);
      const end = only(run);
      const [link, serving, phase] = await standing(hosts[name], app);
      expect(phase).toBe('IDLE');
      // What is reported is what is live, and a dropped line alone takes nothing back.
      expect(link).toBe(`releases/${end.generation}`);
      expect({ code: run.code, outcome: end.outcome, serving }).toEqual(
        version === 'two'
          ? { code: 0, outcome: 'deployed', serving: 'two' }
          : { code: 1, outcome: 'reverted', serving: 'two' },
      );
    }
  });

  it.sequential('that drops while health is checked is no fault of the check: it is asked again, and the deploy goes on', async () => {
    const app = little('checked', ['it'], { deploy: { settle: '1s', deadline: '60s' } });
    await using proxy = await tcpProxy(hosts[name]);
    await using project = await throughProxy(app, hosts[name], proxy);
    const slow = { command: { command: ['sh', '-c', 'echo >/tmp/verifying; sleep 2'], retryFor: '1s' } };
    project.playbook(app.playbook(['it'], { deploy: { settle: '1s', deadline: '60s' }, health: [slow] }));
    project.write('app/VERSION', 'two\n');
    await hosts[name].out('rm -f /tmp/verifying');
    const running = project.start(['deploy', '--all', '--json']);
    await eventually(() => hosts[name].out('test -e /tmp/verifying'), 60_000);
    proxy.reset();
    const run = parseRun(await running.ended);
    expect(outcomeOf(run)).toMatchObject({ code: 0, outcome: 'deployed', generation: 2 });
    expect(run.stdout).toContain('the checks are asked again over a new one');
    expect(await standing(hosts[name], app)).toEqual(['releases/2', 'two', 'IDLE']);
  });
});

describe.concurrent('a host that does not answer', () => {
  it('is given up in time when it never says a word', async ({ expect }) => {
    await using silent = await silentServer();
    await using project = await fleetProject({
      ...little('silent', ['it']).parts,
      hosts: { it: { host: hosts.two, fields: { port: silent.port } } },
    });
    const begun = Date.now();
    const run = await project.fleet('deploy', '--all');
    expect(Date.now() - begun).toBeLessThan(25_000);
    expect(outcomeOf(run)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'unreachable' } });
    expect(only(run).failure?.message).toContain(
      `no SSH connection could be opened: root@127.0.0.1 port ${silent.port} did not answer within 15 s`,
    );
    expect(only(run).failure?.next.join(' ')).toContain('Check that the machine is on');
  });

  it('is given up in time when it falls silent in the middle, and nothing live has changed', async ({ expect }) => {
    const app = little('hole', ['it']);
    await using proxy = await tcpProxy(hosts.two);
    await using project = await throughProxy(app, hosts.two, proxy);
    project.playbook(app.playbook(['it'], { tasks: [{ sync: { from: 'app' } }, { units: { from: 'units' } }, SLOW] }));
    const running = project.start(['deploy', '--all', '--json']);
    // Not before the host is at it: the plan names the command too.
    await eventually(() => hosts.two.out('pgrep -f "^sleep 300"'));
    proxy.blackhole();
    const begun = Date.now();
    const run = parseRun(await running.ended);
    expect(Date.now() - begun).toBeLessThan(75_000);
    expect(outcomeOf(run)).toMatchObject({ code: 3, outcome: 'untouched', failure: { kind: 'connection-lost' } });
    expect(await standing(hosts.two, app)).toEqual(['releases/1', 'one', 'IDLE']);
    // The link is dead for the host as well now; what was staged goes with the next deploy.
    await proxy.close();
    await using direct = await fleetProject({ ...app.parts, hosts: { it: hosts.two } });
    direct.write('app/VERSION', 'two\n');
    expect(outcomeOf(await direct.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed' });
    expect(await hosts.two.out('ls -A /opt/hole/releases /var/lib/fleet/hole/generations')).not.toContain('staging');
  });

  it('is not said to be untouched when it is gone for good after a first deploy has made something ready', async ({
    expect,
  }) => {
    const app = little('gone', ['it']);
    await using proxy = await tcpProxy(hosts.two);
    await using project = await fleetProject({
      ...app.parts,
      hosts: { it: { host: hosts.two, fields: { port: proxy.port } } },
    });
    const slow = { run: { command: ['sh', '-c', 'sleep 301'] } };
    project.playbook(app.playbook(['it'], { tasks: [{ sync: { from: 'app' } }, { units: { from: 'units' } }, slow] }));
    const running = project.start(['deploy', '--all', '--json']);
    await eventually(() => hosts.two.out('pgrep -f "^sleep 301"'));
    await proxy.close();
    const run = parseRun(await running.ended);
    expect(outcomeOf(run)).toMatchObject({ code: 1, outcome: 'reverted', failure: { kind: 'connection-lost' } });
    // What it says is left is there, and the next deploy goes on from it.
    await hosts.two.out(`test -d ${app.root}`);
    await using direct = await fleetProject({ ...app.parts, hosts: { it: hosts.two } });
    expect(outcomeOf(await direct.fleet('deploy', '--all'))).toMatchObject({ code: 0, outcome: 'deployed' });
  });
});

describe.concurrent('one host that is down', () => {
  it.sequential.each([1, 0])('never stops the others, with %s canary', async (canary) => {
    const name = `half${canary}`;
    const app = little(name, ['down', 'one', 'two'], { deploy: { settle: '1s', deadline: '20s', canary, batch: 1 } });
    await using gone = await tcpProxy(hosts.two);
    await gone.close();
    const down = { host: hosts.two, fields: { port: gone.port } };
    await using project = await fleetProject({ ...app.parts, hosts: { down, one: hosts.one, two: hosts.two } });
    const run = await project.fleet('deploy', '--all');
    expect(run.code).toBe(3);
    expect(run.summary?.hosts.map(({ host, outcome }) => [host, outcome])).toEqual([
      ['down', 'untouched'],
      ['one', 'deployed'],
      ['two', 'deployed'],
    ]);
    for (const host of [hosts.one, hosts.two]) {
      expect(await standing(host, app)).toEqual(['releases/1', 'one', 'IDLE']);
    }
    const human = await project.human('deploy', '--all');
    expect(human.code).toBe(3);
    expect(human.stdout).toContain(
      `root@127.0.0.1 port ${gone.port}: the connection was refused (no sshd on that port?)`,
    );
    expect(human.stdout).toContain('deploy: 1 untouched, 2 unchanged');
  });
});
