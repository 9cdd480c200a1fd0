import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { runDynamicInventory } from '../../src/config/inventory/dynamic-inventory.ts';
import { loadInventory } from '../../src/config/inventory/load-inventory.ts';
import { resolveHosts } from '../../src/config/resolve.ts';
import { projectWith } from './loaded.ts';
import { callerIn, folderWith } from './project-folder.ts';

const script = (json: unknown) => `#!/bin/sh\n[ "$*" = --list ] || exit 9\ncat <<'END'\n${JSON.stringify(json)}\nEND\n`;

async function load(files: Readonly<Record<string, string>>) {
  await using folder = await folderWith(files);
  return await loadInventory(folder.dir, callerIn(folder.dir, { FROM_CALLER: 'yes' }));
}
const told = async (files: Readonly<Record<string, string>>) =>
  (await load(files)).diagnostics.map(formatDiagnostic).join('\n');

describe('a dynamic inventory', () => {
  it("gives hosts, groups and vars as Ansible's --list prints them", async () => {
    const { inventory, diagnostics } = await load({
      'inventory/cloud': script({
        _meta: {
          hostvars: {
            web1: {
              ansible_host: '192.0.2.1',
              ansible_port: '2222',
              ansible_user: 'root',
              color: 'blue',
              list: [1, 'x'],
              deep: [[1]],
              map: {},
            },
            web2: { ansible_ssh_private_key_file: '~/.ssh/cloud', 'odd-name': 1 },
          },
        },
        all: { children: ['web', 'ungrouped'], vars: { region: 'eu' } },
        web: { hosts: ['web1', 'web2'], vars: { port: 80, ansible_user: 'deploy' } },
        ungrouped: { hosts: ['alone'] },
      }),
    });
    expect(diagnostics).toEqual([]);
    expect([...inventory.hosts.keys()]).toEqual(['web1', 'web2', 'alone']);
    const [web1, web2] = [...inventory.hosts.values()];
    expect(web1?.fields).toEqual({ address: '192.0.2.1', port: 2222, user: 'root' });
    expect([...(web1?.vars ?? [])].map(([name, { text }]) => [name, text])).toEqual([
      ['color', 'blue'],
      ['list', ['1', 'x']],
    ]);
    expect(web2?.fields).toEqual({ identityFile: ['~/.ssh/cloud'] });
    expect(web1?.groups).toEqual(['all', 'web']);
    expect(inventory.groups.get('web')?.fields).toEqual({ user: 'deploy' });
    expect(inventory.groups.get('all')?.vars.get('region')?.text).toBe('eu');
  });

  it('puts a group after its parents, so that the nearer group wins', async () => {
    const { inventory } = await load({
      'inventory/x': script({
        inner: { hosts: ['a'] },
        outer: { children: ['middle'] },
        middle: { children: ['inner'] },
      }),
    });
    expect([...inventory.hosts.values()][0]?.groups).toEqual(['outer', 'middle', 'inner']);
  });

  it('orders groups as Ansible does: by depth, then by ansible_group_priority, then by name', async () => {
    const { inventory } = await load({
      'inventory/x': script({
        zoo: { hosts: ['a'] },
        ant: { hosts: ['a'], vars: { ansible_group_priority: 10 } },
        bee: { hosts: ['a'], vars: { ansible_group_priority: '2' } },
        owl: { hosts: ['a'] },
        top: { children: ['zoo', 'ant', 'bee', 'owl'], vars: { ansible_group_priority: 99 } },
      }),
    });
    expect([...inventory.hosts.values()][0]?.groups).toEqual(['top', 'owl', 'zoo', 'bee', 'ant']);
  });

  const fieldsOf = async (vars: Record<string, unknown>) => {
    const { inventory, diagnostics } = await load({ 'inventory/x': script({ _meta: { hostvars: { h: vars } } }) });
    expect(diagnostics).toEqual([]);
    const host = [...inventory.hosts.values()][0];
    return { fields: host?.fields, notes: host?.notes, vars: [...(host?.vars.keys() ?? [])] };
  };

  it.each<[string, Record<string, unknown>]>([
    ['-o ProxyJump=ops@bastion.example.com:2222', { jump: 'ops@bastion.example.com:2222' }],
    ['-J a.example,b@c.example', { jump: 'a.example,b@c.example' }],
    ['-o "ProxyJump ops@bastion.example.com"', { jump: 'ops@bastion.example.com' }],
    [`-o ProxyCommand="ssh -W %h:%p -q -p 2222 ops@bastion.example.com"`, { jump: 'ops@bastion.example.com:2222' }],
    [`-o ProxyCommand='ssh -q -W %h:%p -l ops bastion.example.com'`, { jump: 'ops@bastion.example.com' }],
    ['-oPort=2200 -oUser=me -i ~/.ssh/k', { port: 2200, user: 'me', identityFile: ['~/.ssh/k'] }],
  ])('takes from ansible_ssh_common_args what fleet has a field for: %s', async (args, fields) => {
    expect(await fieldsOf({ ansible_ssh_common_args: args })).toMatchObject({ fields, notes: [], vars: [] });
  });

  it.each([
    ['-o ProxyCommand="nc -X 5 %h %p"', 'ProxyCommand'],
    ['-o ProxyCommand="ssh -i ~/k -W %h:%p b.example"', 'ProxyCommand'],
    ['-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null', 'StrictHostKeyChecking, UserKnownHostsFile'],
    ['-o ProxyJump={{ bastion }}', 'ProxyJump with a template'],
    ['-C -vvv', '-C, -vvv'],
  ])('says what of it is not used: %s', async (args, names) => {
    const { fields, notes } = await fieldsOf({ ansible_ssh_extra_args: args });
    expect(fields).toEqual({});
    expect(notes).toEqual([`what ansible_ssh_extra_args says with ${names} is not used by fleet`]);
  });

  it.each<[unknown, string]>([
    ['no', 'none'],
    [false, 'none'],
    ['yes', 'sudo'],
    [true, 'sudo'],
  ])('ansible_become %j is become: %s', async (value, become) => {
    expect(await fieldsOf({ ansible_become: value })).toMatchObject({ fields: { become }, notes: [], vars: [] });
  });

  it('says what else Ansible would act on, and shows no password', async () => {
    const { notes, vars } = await fieldsOf({
      ansible_connection: 'local',
      ansible_become_method: 'su',
      ansible_become_user: 'app',
      ansible_become_password: 'canary',
      ansible_ssh_pass: 'canary',
      user: 'svc',
      color: 'blue',
    });
    expect(notes?.map((note) => note.split(/[ ,]/)[0])).toEqual([
      'ansible_connection=local',
      'ansible_become_method=su',
      'ansible_become_user',
      'ansible_become_password',
      'ansible_ssh_pass',
      'the',
    ]);
    expect(JSON.stringify(notes)).not.toContain('canary');
    expect(vars).toEqual(['color']);
    expect(await fieldsOf({ ansible_become: '{{ root }}' })).toMatchObject({
      fields: {},
      notes: ['ansible_become with a template is not used by fleet'],
    });
    expect((await fieldsOf({ ansible_connection: 'ssh', ansible_become_user: 'root' })).notes).toEqual([]);
  });

  it('tells of it where the host or its group is used, and only there', async () => {
    const json = {
      _meta: { hostvars: { here: { ansible_connection: 'local' }, there: {} } },
      web: { hosts: ['here', 'there'], vars: { ansible_ssh_pass: 'canary' } },
    };
    await using folder = await projectWith({ 'inventory/x': script(json) });
    const warnings = async (host: string) => {
      const found = await resolveHosts(folder.project, { hosts: [host], groups: [], apps: [], all: false });
      return found.ok ? found.value.warnings : [];
    };
    expect(await warnings('here')).toEqual([
      'group web: ansible_ssh_pass is not used: fleet logs in with keys',
      'here: ansible_connection=local is not used: fleet reaches every host by ssh',
    ]);
    expect(await warnings('there')).toHaveLength(1);
  });

  it('says how to name a host whose name is an address', async () => {
    expect(await told({ 'inventory/x': script({ web: { hosts: ['2001:db8::5'] } }) })).toContain(
      'the host "2001:db8::5" is named by an address: give it a name, and the address as ansible_host',
    );
  });

  it('survives groups that are children of each other', async () => {
    const { inventory } = await load({
      'inventory/x': script({ a: { hosts: ['h'], children: ['b'] }, b: { children: ['a'] } }),
    });
    expect([...inventory.hosts.values()][0]?.groups).toContain('a');
  });

  it('runs in the project folder with the environment of the caller', async () => {
    const { inventory, diagnostics } = await load({
      'inventory/x': '#!/bin/sh\n[ -d inventory ] && [ "$FROM_CALLER" = yes ] && echo \'{"g": ["h"]}\'\n',
    });
    expect(diagnostics).toEqual([]);
    expect([...inventory.hosts.keys()]).toEqual(['h']);
  });

  it('adds hosts to a group whose vars stand in a static file', async () => {
    const { inventory, diagnostics } = await load({
      'inventory/a.yaml': 'groups: { web: { vars: { color: red } } }',
      'inventory/b': script({ web: { hosts: ['w'] } }),
    });
    expect(diagnostics).toEqual([]);
    expect(inventory.groups.get('web')?.vars.get('color')?.text).toBe('red');
  });

  it('that names a host of another file is refused with both places', async () => {
    const files = { 'inventory/a.yaml': 'hosts:\n  w: {}\n', 'inventory/b': script({ web: { hosts: ['w'] } }) };
    expect(await told(files)).toBe('inventory/b: host "w" is already defined at inventory/a.yaml:2:3');
  });

  it('that fails shows its exit code and what it said on standard error', async () => {
    expect(await told({ 'inventory/x': '#!/bin/sh\necho {}\necho "no token" >&2\nexit 3\n' })).toBe(
      'inventory/x: this dynamic inventory ended with exit code 3\n  no token',
    );
  });

  it.each([
    ['no JSON', '#!/bin/sh\necho hello\n', 'printed no valid JSON'],
    ['a list', '#!/bin/sh\necho "[]"\n', 'the whole must be a mapping of groups'],
    ['no #! line that exists', '#!/nonexistent/python\n', 'was not found'],
  ])('that prints %s is refused', async (_, text, message) => {
    expect(await told({ 'inventory/x': text })).toContain(message);
  });

  it('with hostile names is refused like a file', async () => {
    const json = { _meta: { hostvars: { '-oProxyCommand=x': {}, b: { ansible_host: '-oProxyCommand=x' } } } };
    const text = await told({ 'inventory/x': script(json) });
    expect(text).toContain('hosts.-oProxyCommand=x: the name "-oProxyCommand=x" must consist of');
    expect(text).toContain('hosts.b.address: address must be a host name or an IP address');
  });

  it('that takes too long is ended', async () => {
    await using folder = await folderWith({ 'inventory/x': '#!/bin/sh\nexec sleep 60\n' });
    const path = join(folder.dir, 'inventory/x');
    const result = await runDynamicInventory('inventory/x', path, folder.dir, callerIn(folder.dir), 200);
    expect(result.diagnostics.map(({ message }) => message)).toEqual(['this dynamic inventory took longer than 0.2 s']);
  });

  it('that is not executable is named, and other files are left alone', async () => {
    await using folder = await folderWith({
      'inventory/README.md': '# hosts',
      'inventory/.gitkeep': '',
      'inventory/x~': '#!/bin/sh',
    });
    const invoker = callerIn(folder.dir);
    expect((await loadInventory(folder.dir, invoker)).diagnostics).toEqual([]);
    await folder.write('inventory/ec2.py', '#!/usr/bin/env python3');
    await chmod(join(folder.dir, 'inventory/ec2.py'), 0o644);
    const [found] = (await loadInventory(folder.dir, invoker)).diagnostics;
    expect(found).toMatchObject({ message: 'this script is not executable' });
    expect(found?.fix).toContain('chmod +x inventory/ec2.py');
  });
});

describe('several inventory files', () => {
  it('are merged, and a host in two of them is an error that names both places', async () => {
    const a = 'hosts:\n  x: {}\n';
    expect((await load({ 'inventory/a.yaml': a, 'inventory/b.yml': 'hosts: { y: {} }' })).inventory.hosts.size).toBe(2);
    expect(await told({ 'inventory/a.yaml': a, 'inventory/b.yml': 'hosts: { x: {} }' })).toContain(
      'inventory/b.yml:1:10: host "x" is already defined at inventory/a.yaml:2:3',
    );
  });

  it('may each add to a group, but not set the same thing twice', async () => {
    const a = 'groups: { g: { user: root, vars: { x: 1 } } }';
    expect(
      await told({ 'inventory/a.yaml': a, 'inventory/b.yaml': 'groups: { g: { port: 2222, vars: { y: 1 } } }' }),
    ).toBe('');
    const text = await told({
      'inventory/a.yaml': a,
      'inventory/b.yaml': 'groups: { g: { user: me, vars: { x: 2 } } }',
    });
    expect(text).toContain('"user" of group "g" is already defined at inventory/a.yaml:1:16');
    expect(text).toContain('var "x" of group "g" is already defined at inventory/a.yaml:1:39');
  });

  it('report the errors of all of them at once, in the order of files and lines', async () => {
    const text = await told({
      'inventory/b.yaml': 'hots: {}\n',
      'inventory/a.yaml': 'hosts:\n  a: { prt: 1 }\n  b: { usr: x }\n',
    });
    expect(text.match(/^\S+: .*/gm)).toEqual([
      'inventory/a.yaml:2:8: unknown key "prt"',
      'inventory/a.yaml:3:8: unknown key "usr"',
      'inventory/b.yaml:1:1: unknown key "hots"',
    ]);
  });
});
