import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fleetProject, only } from './fleet.ts';
import { little } from './little.ts';
import { drawn, type Hosts, startHosts } from './rig/index.ts';

let hosts: Hosts<{ web: 'systemd'; tiny: 'busybox' }>;
beforeAll(async () => {
  hosts = await startHosts({ web: 'systemd', tiny: 'busybox' });
});
afterAll(() => hosts?.[Symbol.asyncDispose]());

/** Bytes that are no text in any encoding that reads UTF-8, every one of them. */
const bytes = (last: number) => Uint8Array.from([...Array(256).keys(), 0xc3, 0x28, last]);
const hex = (content: Uint8Array) => Buffer.from(content).toString('hex');

describe.each(drawn('web', 'tiny'))('on %s, code and files', (name) => {
  it('arrive byte by byte, without the bits that would make a program run as root, and without .git', async () => {
    const host = hosts[name];
    const app = little(`tree-${name}`, ['it']);
    const tasks = (exclude: readonly string[]) => [
      { sync: { from: 'app', exclude } },
      {
        files: [
          { from: 'logo.bin', to: 'logo.bin' },
          { from: 'logo.bin', to: '/etc/logo.bin', mode: '0640' },
        ],
      },
      { units: { from: 'units', enable: [app.unit] } },
    ];
    await using project = await fleetProject({ ...app.parts, hosts: { it: host } });
    const local = (path: string) => join(project.folder, path);
    const logo = (last: number) => writeFileSync(local('logo.bin'), bytes(last));
    const there = async (path: string) => (await host.out(`od -An -v -tx1 ${path}`)).replace(/\s+/g, '');
    logo(1);
    mkdirSync(local('app/.git'));
    writeFileSync(local('app/.git/HEAD'), 'ref: refs/heads/main\n');
    mkdirSync(local('app/shared'));
    writeFileSync(local('app/tool'), '#!/bin/sh\n');
    chmodSync(local('app/tool'), 0o6755);
    chmodSync(local('app/shared'), 0o3777);
    project.playbook(app.playbook(['it'], { tasks: tasks([]) }));

    const first = await project.fleet('deploy', '--all');
    expect(only(first)).toMatchObject({ failure: null, outcome: 'deployed' });
    expect(first.stderr).toContain('app/tool is setuid or setgid here');
    const current = `${app.root}/current`;
    expect(await host.out(`cd ${current}/ && stat -c '%a %n' tool shared; ls -A . | grep -c '^[.]git$'; true`)).toBe(
      '755 tool\n755 shared\n0',
    );
    expect([await there(`${current}/logo.bin`), await there('/etc/logo.bin')]).toEqual([hex(bytes(1)), hex(bytes(1))]);
    expect(await host.out('stat -c %a /etc/logo.bin')).toBe('640');

    // Nothing differs, neither in the plan nor on the host.
    expect(only(await project.fleet('deploy', '--all')).outcome).toBe('unchanged');
    // A playbook may ask for the history, and then it travels.
    project.playbook(app.playbook(['it'], { tasks: tasks(['!.git']) }));
    logo(2);
    expect(only(await project.fleet('deploy', '--all')).outcome).toBe('deployed');
    expect(await there('/etc/logo.bin')).toBe(hex(bytes(2)));
    expect(await host.out(`cat ${current}/.git/HEAD`)).toBe('ref: refs/heads/main');
    expect(only(await project.fleet('rollback', '--host', 'it', '-y')).outcome).toBe('rolled-back');
    expect([await there(`${current}/logo.bin`), await there('/etc/logo.bin')]).toEqual([hex(bytes(1)), hex(bytes(1))]);
  });
});

it('a plan names a disk that is not mounted and one that nothing runs from', async () => {
  const host = hosts.web;
  const app = little('disks', ['it'], { data: ['data'] });
  await using project = await fleetProject({ ...app.parts, hosts: { it: host } });
  const plan = async () => (await project.human('plan', '--all')).stdout;
  const before = await plan();
  expect(before).not.toMatch(/fstab|noexec/);
  await host.out(`mkdir -p ${app.root} && mount -t tmpfs -o noexec,mode=755 none ${app.root}`);
  await host.out(
    `cp -p /etc/fstab /etc/fstab.kept 2>/dev/null; echo 'LABEL=no ${app.root}/data ext4 noauto 0 0' >>/etc/fstab`,
  );
  const text = await plan();
  await host.out(`umount ${app.root}; rm -f /etc/fstab; mv /etc/fstab.kept /etc/fstab 2>/dev/null; true`);
  expect(text.replace(/\s+/g, ' ')).toContain(`${app.root}/data stands in /etc/fstab and is not mounted`);
  expect(text.replace(/\s+/g, ' ')).toContain(`${app.root} is mounted noexec`);
});
