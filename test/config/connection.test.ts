import { execFileSync } from 'node:child_process';
import { hostname, userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { resolveHosts } from '../../src/config/resolve.ts';
import type { Overrides } from '../../src/config/ssh/overrides.ts';
import { projectWith } from './loaded.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl';

/** The connection to host `a`, or what is wrong with it. */
async function reach(inventory: string, ssh?: string, overrides: Overrides = {}, env: Record<string, string> = {}) {
  const files = { 'inventory/h.yaml': inventory, 'keys/one': '', 'keys/two': '', '.ssh/id_ed25519': '' };
  await using folder = await projectWith(files, ssh === undefined ? { env } : { ssh, env });
  const everything = { hosts: ['a'], groups: [], apps: [], all: false };
  const result = await resolveHosts(folder.project, everything, overrides);
  if (!result.ok)
    return { error: result.failure.map(({ message }) => message).join('\n'), warnings: [], dir: folder.dir };
  const [target] = result.value.targets;
  if (!target) throw new Error('no target');
  const { connection, uploadUser, runtime } = target;
  return { ...connection, uploadUser, runtime, warnings: result.value.warnings, dir: folder.dir, error: '' };
}

describe('precedence: flag, then host, then group, then defaults, then ssh configuration, then built-in', () => {
  const flag = { user: 'flag' };
  const host = 'hosts: { a: { address: 192.0.2.1, groups: [g1, g2], user: host } }';
  const hostWithout = 'hosts: { a: { address: 192.0.2.1, groups: [g1, g2] } }';
  const groups = 'groups: { g1: { user: first }, g2: { user: second } }';
  const firstOnly = 'groups: { g1: { user: first }, g2: {} }';
  const noGroups = 'groups: { g1: {}, g2: {} }';
  const defaults = 'defaults: { user: default }';
  const ssh = 'Host 192.0.2.1\n  User config\n';
  const table: readonly [string, readonly string[], string | undefined, Overrides, string][] = [
    ['a flag beats everything', [defaults, groups, host], ssh, flag, 'flag'],
    ['a host beats its groups', [defaults, groups, host], ssh, {}, 'host'],
    ['a later group beats an earlier one', [defaults, groups, hostWithout], ssh, {}, 'second'],
    ['an earlier group beats the defaults', [defaults, firstOnly, hostWithout], ssh, {}, 'first'],
    ['the defaults beat the ssh configuration', [defaults, noGroups, hostWithout], ssh, {}, 'default'],
    ['the ssh configuration beats the login name', [noGroups, hostWithout], ssh, {}, 'config'],
  ];
  it.each(table)('%s', async (_, inventory, config, overrides, expected) => {
    expect(await reach(inventory.join('\n'), config, overrides)).toMatchObject({ user: expected });
  });

  it('falls back on port 22, become auto and runtime auto', async () => {
    expect(await reach('hosts: { a: }')).toMatchObject({
      address: 'a',
      port: 22,
      become: 'auto',
      runtime: 'auto',
      jump: [],
    });
  });
});

describe('uploadUser', () => {
  const vps = 'groups: { vps: { uploadUser: jarvis } }';
  it('is nobody by default, comes from a group or a host, and never belongs to a jump host', async () => {
    expect(await reach('hosts: { a: { user: root } }')).toMatchObject({ uploadUser: null });
    const found = await reach(`${vps}\nhosts: { a: { user: root, groups: [vps], jump: b }, b: { uploadUser: other } }`);
    expect(found).toMatchObject({
      user: 'root',
      uploadUser: 'jarvis',
      jump: [expect.not.objectContaining({ uploadUser: 'other' })],
    });
  });

  it('that is the login account itself asks for no second login', async () => {
    expect(await reach(`${vps}\nhosts: { a: { user: jarvis, groups: [vps] } }`)).toMatchObject({ uploadUser: null });
  });

  it('goes by the rules for account names', async () => {
    await expect(reach('hosts: { a: { uploadUser: "-oProxyCommand=x" } }')).rejects.toThrow('uploadUser must');
  });
});

describe('the ssh configuration', () => {
  it('gives what the inventory leaves out, through an Include and with its tokens expanded', async () => {
    const ssh = 'Include DIR/more.conf\n';
    const more = [
      'Host a',
      '  HostName 192.0.2.7',
      '  Port 2200',
      '  User deploy',
      '  IdentityFile ~/keys/one',
      '  IdentityFile %d/keys/two',
      '  IdentitiesOnly yes',
      '  IdentityAgent ~/agent-%r-%h.sock',
      '  UserKnownHostsFile ~/known_%n',
      '  GlobalKnownHostsFile /etc/known',
      '  HostKeyAlias alias.example',
      '  RevokedHostKeys ~/revoked',
    ].join('\n');
    await using folder = await projectWith(
      { 'inventory/h.yaml': 'hosts: { a: }', 'more.conf': more, 'keys/one': '', 'keys/two': '' },
      { ssh },
    );
    const { dir } = folder;
    // For these two options ssh expands the tilde itself, by the home folder of the account.
    const sshHome = userInfo().homedir;
    const result = await resolveHosts(folder.project, { hosts: ['a'], groups: [], apps: [], all: false });
    expect(result.ok && result.value.targets[0]?.connection).toEqual({
      address: '192.0.2.7',
      port: 2200,
      user: 'deploy',
      identityFiles: [`${dir}/keys/one`, `${dir}/keys/two`],
      identitiesOnly: true,
      agent: `${sshHome}/agent-deploy-192.0.2.7.sock`,
      hostKeys: [],
      knownHostsFiles: [`${sshHome}/known_a`, '/etc/known'],
      revokedHostKeys: `${dir}/revoked`,
      hostKeyAlias: 'alias.example',
      jump: [],
      become: 'auto',
    });
  });

  it('is asked with the user of the inventory, so that Match user applies', async () => {
    const ssh = 'Match user root\n  Port 2022\n';
    expect(await reach('hosts: { a: { user: root } }', ssh)).toMatchObject({ port: 2022 });
    expect(await reach('hosts: { a: { user: other } }', ssh)).toMatchObject({ port: 22 });
  });

  it('that ssh itself refuses is reported with what ssh says', async () => {
    expect((await reach('hosts: { a: }', 'Host a\n  Portt 22\n')).error).toContain('Bad configuration option: portt');
  });

  it('with a ProxyCommand draws a warning, since fleet does not run it', async () => {
    expect((await reach('hosts: { a: }', 'Host a\n  ProxyCommand nc %h %p\n')).warnings.join()).toContain(
      'ProxyCommand',
    );
    expect((await reach('hosts: { a: }', 'Host a\n  User x\n')).warnings).toEqual([]);
  });
});

describe('settings of the ssh configuration', () => {
  const warned = async (ssh: string) => (await reach('hosts: { a: }', `Host a\n${ssh}`)).warnings;

  it('limit the algorithms, with +, - and ^ worked in, and are no limit where nothing is said', async () => {
    const only = await reach(
      'hosts: { a: }',
      'HostKeyAlgorithms ssh-ed25519\nKexAlgorithms curve25519-sha256\nCiphers aes256-gcm@openssh.com\n',
    );
    expect(only).toMatchObject({
      algorithms: { kex: ['curve25519-sha256'], hostKeys: ['ssh-ed25519'], ciphers: ['aes256-gcm@openssh.com'] },
      warnings: [],
    });
    const found = await reach('hosts: { a: }', 'KexAlgorithms -diffie-hellman-*\nMACs ^hmac-sha1\n');
    const { kex = [], macs = [] } = ('algorithms' in found && found.algorithms) || {};
    expect(kex).toContain('curve25519-sha256');
    expect(kex.filter((name) => name.startsWith('diffie'))).toEqual([]);
    expect(macs[0]).toBe('hmac-sha1');
    expect(await reach('hosts: { a: }', 'User x\n')).not.toHaveProperty('algorithms');
  });

  it('say the family of addresses and how long a connection may take', async () => {
    const ssh = 'AddressFamily inet6\nConnectTimeout 7\n';
    expect(await reach('hosts: { a: }', ssh)).toMatchObject({ family: 6, connectTimeoutMs: 7000, warnings: [] });
    const plain = await reach('hosts: { a: }', 'AddressFamily any\n');
    expect(plain).not.toHaveProperty('family');
    expect(plain).not.toHaveProperty('connectTimeoutMs');
  });

  it.each([
    ['CertificateFile ~/.ssh/id_ed25519-cert.pub', 'CertificateFile'],
    ['PKCS11Provider /usr/lib/opensc-pkcs11.so', 'PKCS11Provider'],
    ['GSSAPIAuthentication yes', 'GSSAPIAuthentication'],
    ['KnownHostsCommand /usr/local/bin/keys %H', 'KnownHostsCommand'],
    ['BindAddress 192.0.2.9\nProxyCommand nc %h %p', 'BindAddress, ProxyCommand (set jump instead)'],
    ['PubkeyAcceptedAlgorithms ssh-ed25519\nRequiredRSASize 4096', 'PubkeyAcceptedAlgorithms, RequiredRSASize'],
    ['StrictHostKeyChecking no', 'StrictHostKeyChecking'],
    [
      'CASignatureAlgorithms ssh-ed25519\nHostbasedAuthentication yes',
      'CASignatureAlgorithms, HostbasedAuthentication',
    ],
  ])('that are not used are named in one warning: %s', async (ssh, names) => {
    expect(await warned(ssh)).toEqual([`a: what the SSH configuration says with ${names} is not used by fleet`]);
  });

  it('that concern terminals, forwarding, shared connections or asking are not worth a word', async () => {
    const ssh = `ControlMaster auto\nControlPath ~/.ssh/%C\nControlPersist 10m\nForwardAgent yes\nSendEnv LANG LC_*
      ServerAliveInterval 5\nHashKnownHosts yes\nLocalForward 8080 localhost:80\nBatchMode yes\nLogLevel DEBUG\nCompression yes`;
    expect(await warned(ssh)).toEqual([]);
  });

  it('of many hosts are named once', async () => {
    const files = { 'inventory/h.yaml': 'hosts: { b: , a: , c: }' };
    const ssh = 'Host a b\n  CertificateFile ~/x\n';
    await using folder = await projectWith(files, { ssh });
    const found = await resolveHosts(folder.project, { hosts: [], groups: [], apps: [], all: true });
    expect(found.ok && found.value.warnings).toEqual([
      'a, b: what the SSH configuration says with CertificateFile is not used by fleet',
    ]);
  });

  it('may hold paths with blanks, and every token that ssh knows', async () => {
    const ssh =
      'Host a\n  UserKnownHostsFile "/home/alice/my hosts" /b\n  GlobalKnownHostsFile none\n  IdentityFile "~/my keys/%L-%l-%i-%C"\n';
    const name = `${hostname().split('.')[0]}-${hostname()}-${userInfo().uid}`;
    await using folder = await projectWith({ 'inventory/h.yaml': 'hosts: { a: }' }, { ssh });
    const hash = execFileSync('ssh', ['-G', '-F', 'none', '-o', 'ControlPath=%C', '--', 'a'], { encoding: 'utf8' });
    const expanded = /^controlpath (.*)$/m.exec(hash)?.[1];
    await folder.write(`my keys/${name}-${expanded}`, '');
    const found = await resolveHosts(folder.project, { hosts: ['a'], groups: [], apps: [], all: false });
    expect(found.ok && found.value.targets[0]?.connection).toMatchObject({
      knownHostsFiles: ['/home/alice/my hosts', '/b'],
      identityFiles: [`${folder.dir}/my keys/${name}-${expanded}`],
    });
  });
});

describe('the agent', () => {
  const env = { SSH_AUTH_SOCK: '/run/agent', OTHER: '/run/other' };
  it.each([
    ['is SSH_AUTH_SOCK when nothing is said', 'Host b\n', '/run/agent'],
    ['is none for IdentityAgent none', 'IdentityAgent none\n', null],
    ['is the variable that IdentityAgent names', 'IdentityAgent $OTHER\n', '/run/other'],
    ['is SSH_AUTH_SOCK by that name', 'IdentityAgent SSH_AUTH_SOCK\n', '/run/agent'],
  ])('%s', async (_, ssh, agent) => {
    expect(await reach('hosts: { a: }', ssh, {}, env)).toMatchObject({ agent });
  });
});

describe('identity files', () => {
  it('of the inventory are relative to the project, or to the home folder after a tilde', async () => {
    const found = await reach('hosts: { a: { identityFile: [keys/one, ~/keys/two, /abs/key] } }');
    expect(found).toMatchObject({ identityFiles: [`${found.dir}/keys/one`, `${found.dir}/keys/two`, '/abs/key'] });
    expect(found.warnings).toEqual(['a: the identity file /abs/key does not exist']);
  });

  it('of ssh itself are left out where they do not exist', async () => {
    const found = await reach('hosts: { a: }');
    expect(found).toMatchObject({ identityFiles: [`${found.dir}/.ssh/id_ed25519`] });
  });
});

describe('jump hosts', () => {
  const addresses = (found: Awaited<ReturnType<typeof reach>>) =>
    'jump' in found ? found.jump.map(({ user, address, port }) => `${user}@${address}:${port}`) : found.error;

  it('may be hosts of the inventory, with all of their settings', async () => {
    const inventory = `hosts:\n  a: { jump: b }\n  b: { address: 192.0.2.2, user: hop, port: 2222, hostKey: ${KEY} }`;
    const found = await reach(inventory);
    expect(addresses(found)).toEqual(['hop@192.0.2.2:2222']);
    expect('jump' in found && found.jump[0]?.hostKeys).toEqual([KEY]);
  });

  it('may be addresses, several of them, outermost first', async () => {
    expect(addresses(await reach('hosts: { a: { jump: "x@one.example:2201,ssh://y@[2001:db8::1]:2202" } }'))).toEqual([
      'x@one.example:2201',
      'y@2001:db8::1:2202',
    ]);
  });

  it('come with the jump hosts that they need themselves', async () => {
    const inventory = 'hosts:\n  a: { jump: b }\n  b: { jump: u@c }\n  c: { address: 192.0.2.3 }';
    expect(addresses(await reach(inventory))).toEqual(['u@192.0.2.3:22', expect.stringMatching(/@b:22$/)]);
  });

  it('come from ProxyJump, each hop with its own ssh configuration', async () => {
    const ssh =
      'Host a\n  ProxyJump first,second\nHost first\n  HostName 192.0.2.8\n  User f\nHost second\n  Port 2022\n  User s\n';
    expect(addresses(await reach('hosts: { a: }', ssh))).toEqual(['f@192.0.2.8:22', 's@second:2022']);
  });

  it('of the inventory beat ProxyJump, and none means none', async () => {
    const ssh = 'Host a\n  ProxyJump first\n';
    expect(addresses(await reach('hosts: { a: { jump: u@other } }', ssh))).toEqual(['u@other:22']);
    expect(addresses(await reach('hosts: { a: { jump: none } }', ssh))).toEqual([]);
  });

  it('that would go through themselves are refused, as ssh refuses them', async () => {
    expect((await reach('hosts: { a: }', 'Host *\n  ProxyJump bastion\n')).error).toContain(
      'jumphost loop via bastion',
    );
    const ssh = 'Host bastion\n  ProxyJump none\nHost *\n  User u\n  ProxyJump bastion\n';
    expect(addresses(await reach('hosts: { a: }', ssh))).toEqual(['u@bastion:22']);
  });

  it('that go in a circle are an error', async () => {
    expect((await reach('hosts:\n  a: { jump: b }\n  b: { jump: a }')).error).toBe(
      'jump hosts go in a circle: a → b → a',
    );
  });

  it('do not take the flags that are meant for the host', async () => {
    const found = await reach('hosts:\n  a: { jump: b }\n  b: { user: hop }', undefined, { user: 'flag' });
    expect(addresses(found)).toEqual(['hop@b:22']);
    expect(found).toMatchObject({ user: 'flag' });
  });
});

describe('without an ssh program', () => {
  it('the inventory and the usual files are enough', async () => {
    const found = await reach('hosts: { a: { address: 192.0.2.1 } }', undefined, {}, { PATH: '/nonexistent' });
    expect(found).toMatchObject({ address: '192.0.2.1', port: 22, user: 'operator' });
    expect(found).toMatchObject({
      knownHostsFiles: [`${found.dir}/.ssh/known_hosts`, '/etc/ssh/ssh_known_hosts'],
      identityFiles: [`${found.dir}/.ssh/id_ed25519`],
    });
  });
});

describe('flags', () => {
  it.each<[string, Overrides]>([
    ['user', { user: '-oProxyCommand=x' }],
    ['jump', { jump: '-oProxyCommand=x' }],
    ['port', { port: 0 }],
  ])('go by the rules of the inventory: %s', async (name, overrides) => {
    expect((await reach('hosts: { a: }', undefined, overrides)).error).toMatch(new RegExp(`^${name} must `));
  });

  it('name keys relative to where the command was typed', async () => {
    const found = await reach('hosts: { a: }', undefined, { identityFile: ['keys/one'] });
    expect(found).toMatchObject({ identityFiles: [`${found.dir}/keys/one`], warnings: [] });
  });
});

describe('pinned host keys', () => {
  it('are kept without their comment, one or several', async () => {
    expect(await reach(`hosts: { a: { hostKey: "${KEY} root@a" } }`)).toMatchObject({ hostKeys: [KEY] });
    expect(await reach(`hosts: { a: { hostKey: ["${KEY}", "${KEY}"] } }`)).toMatchObject({ hostKeys: [KEY, KEY] });
  });
});
