import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Connection } from '../../src/model/target.ts';
import { sshConfigOf, Unwritable } from '../../src/transport/ssh-config.ts';

const folder = mkdtempSync(join(tmpdir(), 'fleet ssh%-'));
afterAll(() => rmSync(folder, { recursive: true }));

const hop: Connection = {
  ...{ address: '192.0.2.9', port: 2222, user: 'ops', identityFiles: ['/keys/a key%1'], identitiesOnly: true },
  ...{ agent: null, hostKeys: [], knownHostsFiles: ['/home/it/known one', '/home/it/two'] },
  ...{ revokedHostKeys: null, hostKeyAlias: null, jump: [], become: 'auto' },
};
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ0000000000000000000000000000000000000000000';

const READ: ExecFileSyncOptionsWithStringEncoding = { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] };

/** What ssh itself makes of it. */
function asSshReads(name: string, connection: Connection, acceptNew = false): ReadonlyMap<string, string> {
  const files = sshConfigOf(name, connection, { folder, homeKnownHosts: '/home/it/.ssh/known_hosts', acceptNew });
  for (const { path, text } of files) writeFileSync(path, text);
  const text = execFileSync('ssh', ['-G', '-F', join(folder, 'config'), name], READ);
  return new Map(text.split('\n').map((line) => [line.split(' ')[0] ?? '', line.slice(line.indexOf(' ') + 1)]));
}

it('ssh reads the address, the login, the key and where host keys stand, and is strict', () => {
  const read = asSshReads('web', hop);
  expect(Object.fromEntries(read)).toMatchObject({
    ...{ hostname: '192.0.2.9', port: '2222', user: 'ops', identityfile: '/keys/a key%%1', identitiesonly: 'yes' },
    ...{ identityagent: 'none', stricthostkeychecking: 'true', globalknownhostsfile: '/dev/null' },
  });
  expect(read.get('userknownhostsfile')).toBe('/home/it/known one /home/it/two');
});

it('pinned keys count alone, and no flag weakens them; unknown ones are taken only when told', () => {
  const pinned = { ...hop, hostKeys: [KEY] };
  const read = asSshReads('web', pinned, true);
  expect(read.get('stricthostkeychecking')).toBe('true');
  expect(read.get('userknownhostsfile')).toContain('known_hosts.0');
  const [, file] = sshConfigOf('web', pinned, { folder, homeKnownHosts: '', acceptNew: false });
  expect(file?.text).toBe(`[192.0.2.9]:2222 ${KEY}\n`);
  expect(asSshReads('web', hop, true).get('stricthostkeychecking')).toBe('accept-new');
});

it('each hop on the way has its own login and keys', () => {
  const jump = { ...hop, address: '192.0.2.1', port: 22, user: 'gate', hostKeys: [KEY] };
  const read = asSshReads('web', { ...hop, jump: [jump] });
  expect(read.get('proxyjump')).toBe('fleet-hop-0');
  const text = execFileSync('ssh', ['-G', '-F', join(folder, 'config'), 'fleet-hop-0'], READ);
  expect(text).toMatch(/^user gate$/m);
  expect(text).toMatch(/^hostname 192\.0\.2\.1$/m);
});

it.each([
  ['identityFiles', ['/keys/a"\n  ProxyCommand touch /tmp/mine\n#"']],
  ['hostKeyAlias', 'web"x'],
  ['user', 'ops\tx'],
])('a word that would be another setting is refused: %s', (field, value) => {
  const connection = { ...hop, [field]: value } as Connection;
  expect(() => sshConfigOf('web', connection, { folder, homeKnownHosts: '', acceptNew: false })).toThrow(Unwritable);
});
