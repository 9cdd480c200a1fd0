import { describe, expect, it } from 'vitest';
import type { Inputs } from '../../src/config/bind.ts';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { sharedMachines } from '../../src/config/rules/same-machine.ts';
import { EVERYTHING, type Selection } from '../../src/config/select.ts';
import { projectWith } from './loaded.ts';

/** What is told of an inventory with the hosts `a` and `b`, and of a deploy to both. */
async function told(a: string, b: string, ssh = '', selection: Selection = EVERYTHING, inputs: Inputs = 'read') {
  await using folder = await projectWith(
    {
      'inventory/hosts.yaml': `hosts:\n  a: { ${a} }\n  b: { ${b} }\n  door: { address: 192.0.2.9 }\n`,
      'playbooks/app.yaml': 'name: app\nhosts: [a, b]\nroot: "{{ base }}/app"\nvars: { base: /opt }\n',
      'playbooks/more.yaml': 'name: more\nhosts: [a]\nroot: /opt/more\n',
    },
    { ssh },
  );
  const resolved = await resolveTargets(folder.project, selection, {}, inputs);
  const errors = resolved.ok ? [] : resolved.failure.map(formatDiagnostic);
  return { warnings: await sharedMachines(folder.project), errors };
}

describe('two names', () => {
  it.each([
    ['one address', 'address: 192.0.2.1', 'address: 192.0.2.1'],
    ['another case, and a dot at the end', 'address: web.example.com', 'address: Web.Example.COM.'],
    ['localhost in two families', 'address: localhost', 'address: "::1"'],
    ['localhost by name and number', 'address: 127.0.0.1', 'address: ip6-localhost'],
    ['two spellings of IPv6', 'address: "2001:db8::1"', 'address: "2001:DB8:0:0:0:0:0:1"'],
    ['one in the other', 'address: 192.0.2.1', 'address: "::ffff:192.0.2.1"'],
    ['two logins', 'address: 192.0.2.1, user: root', 'address: 192.0.2.1, user: deploy'],
    ['the default port', 'address: 192.0.2.1', 'address: 192.0.2.1, port: 22'],
    ['a host of the inventory to jump through', 'address: x, jump: door', 'address: x, jump: "192.0.2.9:22"'],
    ['the SSH configuration', 'address: 192.0.2.1', 'address: alias'],
    ['two roots', 'address: 192.0.2.1', 'address: 192.0.2.1, vars: { base: /srv }'],
  ])('for %s are one machine', async (_what, a, b) => {
    const { warnings, errors } = await told(a, b, 'Host alias\n  HostName 192.0.2.1\n');
    expect(warnings).toEqual([
      expect.stringMatching(/^inventory\/hosts\.yaml:3:3: b is the same machine as a \(inventory\/hosts\.yaml:2:3\)/),
    ]);
    expect(errors).toEqual([
      expect.stringContaining('app would be deployed there twice at once: b is the same machine as a'),
    ]);
  });

  it.each([
    ['another port', 'address: 192.0.2.1', 'address: 192.0.2.1, port: 2222'],
    ['another way', 'address: 10.0.0.1', 'address: 10.0.0.1, jump: door'],
    ['another zone', 'address: "fe80::1%eth0"', 'address: "fe80::1%eth1"'],
    ['another address of the loopback', 'address: 127.0.0.1', 'address: 127.0.0.2'],
    ['names that only DNS knows to be one', 'address: web', 'address: web.example.com'],
  ])('for %s are not taken for one', async (_what, a, b) => {
    expect(await told(a, b)).toEqual({ warnings: [], errors: [] });
  });

  it('stop nothing where only one of them is deployed to, or nothing is', async () => {
    const only = (...hosts: string[]) => ({ hosts, groups: [], apps: [], all: false });
    const one = 'address: 192.0.2.1';
    expect(await told(one, one, '', only('b'))).toMatchObject({ warnings: [expect.anything()], errors: [] });
    expect(await told(one, one, '', EVERYTHING, 'skip')).toMatchObject({ errors: [] });
  });

  it('may each have the app of a login without root', async () => {
    const login = (user: string, base: string) =>
      `address: 192.0.2.1, user: ${user}, become: none, vars: { base: ${base} }`;
    expect((await told(login('ann', '/home/ann'), login('bob', '/home/bob'))).errors).toEqual([]);
    expect((await told(login('ann', '/srv'), login('bob', '/srv'))).errors).toHaveLength(1);
    expect((await told(login('ann', '/home/ann'), login('root', '/root'))).errors).toHaveLength(1);
  });
});
