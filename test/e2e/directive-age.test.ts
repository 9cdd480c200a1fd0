import { afterAll, beforeAll, expect, it } from 'vitest';
import { keysOf, understoodSince } from '../../src/unit/directives/directives.ts';
import { type Hosts, startHosts } from './rig/index.ts';

const KINDS = { older: 'systemd', newer: 'systemd-trixie' } as const;
let hosts: Hosts<typeof KINDS>;
beforeAll(async () => {
  hosts = await startHosts(KINDS);
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

const since = (section: string, key: string) => understoodSince({ section, key, value: '' });
/** Every key whose age is known, and one that no systemd reads. */
const AGED = ['Unit', 'Service', 'Install'].flatMap((section) => [
  ...keysOf(section).flatMap((key) => (since(section, key) > 0 ? [{ section, key }] : [])),
  { section, key: `Invented${section}` },
]);

it.each([
  ['older', 252],
  ['newer', 257],
] as const)('on the %s host, systemd %i reads just the keys that are not younger than it', async (name, version) => {
  const host = hosts[name];
  expect(await host.out('systemctl --version | head -n 1')).toMatch(new RegExp(`^systemd ${version} `));
  const text = AGED.map(({ section, key }) => `[${section}]\n${key}=\n`).join('');
  await host.writeFile('/tmp/aged.service', `[Service]\nExecStart=/bin/true\n${text}`);
  const { stdout, stderr } = await host.sh('systemd-analyze verify /tmp/aged.service');
  const unread = [...`${stdout}${stderr}`.matchAll(/Unknown key (?:name )?'(\w+)' in section '?\[?(\w+)/g)];
  const younger = AGED.filter(({ section, key }) => since(section, key) > version || key.startsWith('Invented'));
  expect(unread.map(([, key, section]) => `${section}.${key}`).sort()).toEqual(
    younger.map(({ section, key }) => `${section}.${key}`).sort(),
  );
});
