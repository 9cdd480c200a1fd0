import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, fleetProject, type Project, parseRun } from './fleet.ts';
import { little } from './little.ts';
import { onTerminal } from './pty.ts';
import { type TcpProxy, tcpProxy } from './rig/index.ts';

// No host answers here: what was selected is what was tried, and the proxy counts every attempt.
// One for each host, or they would be one machine.
let proxies: readonly [TcpProxy, TcpProxy, TcpProxy];
let project: Project;
const connections = () => proxies.reduce((sum, proxy) => sum + proxy.connections, 0);

beforeEach(async () => {
  const nobody = { address: '127.0.0.1', port: 1 };
  proxies = [await tcpProxy(nobody), await tcpProxy(nobody), await tcpProxy(nobody)];
  project = await fleetProject({ ...little('shop', ['web', 'backup']).parts, hosts: {} });
  project.write(
    'inventory/hosts.yaml',
    `defaults: { user: root }
groups: { web: {}, backup: {} }
hosts:
  web-1: { address: 127.0.0.1, port: ${proxies[0].port}, groups: [web] }
  web-2: { address: localhost, port: ${proxies[1].port}, groups: [web] }
  backup-1: { address: 127.0.0.1, port: ${proxies[2].port}, groups: [backup], vars: { mode: x } }
`,
  );
  project.write('playbooks/mail.yaml', JSON.stringify(little('mail', ['backup']).playbook(['backup'])));
  project.write('units/mail.service', '[Service]\nExecStart=/bin/true\n');
});
afterEach(async () => {
  await project[Symbol.asyncDispose]();
  await Promise.all(proxies.map((proxy) => proxy.close()));
});

const plan = async (...args: string[]) => {
  const run = parseRun(await project.start(['plan', '--json', ...args]).ended);
  return { code: run.code, pairs: run.summary?.hosts.map(({ host, app }) => `${host} ${app}`) };
};

describe('a selection', () => {
  it.each<[string, string[], string[]]>([
    ['a name', ['--host', 'web-2'], ['web-2 shop']],
    ['an address', ['--host', 'localhost'], ['web-2 shop']],
    ['a glob', ['--host', 'web-*'], ['web-1 shop', 'web-2 shop']],
    ['a group', ['--group', 'backup'], ['backup-1 mail', 'backup-1 shop']],
    ['several', ['--host', 'web-1', '--group', 'backup', '--app', 'shop'], ['web-1 shop', 'backup-1 shop']],
    ['an app', ['--app', 'mail'], ['backup-1 mail']],
    ['all', ['--all'], ['backup-1 mail', 'web-1 shop', 'web-2 shop', 'backup-1 shop']],
  ])('by %s means those hosts, and no other', async (_by, args, pairs) => {
    const run = await plan(...args);
    expect(run).toEqual({ code: 3, pairs: expect.arrayContaining(pairs) });
    expect(run.pairs).toHaveLength(pairs.length);
    expect(connections()).toBeGreaterThan(0);
  });

  it.each<[string[], string]>([
    [['--host', 'web-l'], 'did you mean "web-1"?'],
    [['--host', 'lokalhost'], 'did you mean "localhost"?'],
    [['--host', 'mail-*'], 'no host matches "mail-*"'],
    [['--group', 'wep'], 'did you mean "web"?'],
    [['--app', 'shpo'], 'did you mean "shop"?'],
    [['--app', 'mail', '--host', 'web-1'], 'host "web-1" is selected, but no selected playbook covers it'],
    [['--hots', 'web-1'], 'Did you mean --host?'],
    [['--all', '--host', 'web-1'], 'cannot be used together with --host'],
  ])('%s contacts nobody, and the nearest match is named', async (args, words) => {
    for (const command of ['deploy', 'rollback']) {
      const ended = await project.human(command, ...args);
      expect(ended).toMatchObject({ code: 2, stdout: '' });
      expect(ended.stderr).toContain(words);
    }
    expect(connections()).toBe(0);
  });
});

describe('a command that changes hosts and names none', () => {
  const refusal = (ended: Ended) => {
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain('no host was named');
    expect(ended.stderr).toContain('web-1, web-2, backup-1');
    expect(ended.stderr).toContain('--all');
    expect(connections()).toBe(0);
  };

  it('is refused without a terminal', async () => {
    project.remove('playbooks/mail.yaml');
    refusal(await project.human('deploy'));
    refusal(await project.human('rollback'));
  });

  it('asks on a terminal: no contacts nobody, yes goes on', async () => {
    const question = 'ALL hosts';
    const no = await onTerminal(project, ['deploy'], { typed: { when: question, keys: 'n\n' } });
    expect(no.code).toBe(2);
    expect(no.bytes).toContain('[y/N]');
    expect(connections()).toBe(0);
    const yes = await onTerminal(project, ['deploy'], { typed: { when: question, keys: 'y\n' } });
    expect(yes.code).toBe(3);
    expect(connections()).toBeGreaterThan(0);
  });

  it('asks nothing of a command that only reads', async () => {
    expect((await project.human('plan')).code).toBe(3);
    expect(connections()).toBeGreaterThan(0);
  });
});
