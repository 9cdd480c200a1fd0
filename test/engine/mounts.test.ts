import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { mountsProbe, mountWarnings } from '../../src/engine/plan/mounts.ts';
import type { Layout } from '../../src/model/layout.ts';
import { runIn, SHELLS } from '../tasks/rig.ts';

const dir = mkdtempSync(join(tmpdir(), 'fleet-mounts-'));
afterAll(() => rmSync(dir, { recursive: true }));
const layoutAt = (root: string): Layout => ({
  root,
  current: `${root}/current`,
  app: 'app',
  user: null,
  data: ['data'],
});

/** What is told of an app with these disks, by each shell in turn. */
function told(root: string, fstab: string | null, mounted: string) {
  const meant = join(dir, fstab === null ? 'none' : 'fstab');
  if (fstab !== null) writeFileSync(meant, fstab);
  writeFileSync(join(dir, 'mounts'), mounted);
  const script = mountsProbe(layoutAt(root), meant, join(dir, 'mounts'));
  const [first, ...others] = SHELLS.map((shell) => mountWarnings(layoutAt(root), runIn(shell, script)));
  for (const other of others) expect(other).toEqual(first);
  return first;
}

const ROOT = '/dev/sda1 / ext4 rw,relatime 0 0\n';

describe('disks on the way to the folders of an app', () => {
  it('that stand in fstab and are not mounted are named, with what they would hide', () => {
    const fstab = `# /etc/fstab\nUUID=1 / ext4 defaults 0 1\nUUID=2 /srv ext4 defaults 0 2\nUUID=3 none swap sw 0 0\nUUID=4\t/srv/app/data\text4\tnoauto\t0\t0\nUUID=5 /srv/application ext4 defaults 0 0\n`;
    expect(told('/srv/app', fstab, ROOT)).toEqual([
      expect.stringMatching(/^\/srv stands in \/etc\/fstab and is not mounted: \/srv\/app, \/srv\/app\/data would be/),
      expect.stringMatching(/^\/srv\/app\/data stands in \/etc\/fstab and is not mounted: \/srv\/app\/data would be/),
    ]);
    const all = `${ROOT}/dev/sdb1 /srv ext4 rw 0 0\n/dev/sdc1 /srv/app/data ext4 rw 0 0\n`;
    expect(told('/srv/app', fstab, all)).toEqual([]);
  });

  it('that nothing runs from are named, where they are the innermost', () => {
    const noexec = `${ROOT}/dev/sdb1 /srv ext4 rw,nosuid,noexec 0 0\n`;
    expect(told('/srv/app', null, noexec)).toEqual([
      '/srv is mounted noexec: nothing below /srv/app can be started as a program of its own',
    ]);
    expect(told('/srv/app', null, `${noexec}/dev/sdc1 /srv/app ext4 rw 0 0\n`)).toEqual([]);
    expect(told('/srv/app', null, `${noexec}/dev/sdc1 /srv ext4 rw 0 0\n`)).toEqual([]);
    expect(told('/opt/app', null, noexec)).toEqual([]);
  });

  it('may have blanks in their names', () => {
    const fstab = 'UUID=2 /srv/my\\040disk ext4 defaults 0 2\n';
    expect(told('/srv/my disk/app', fstab, ROOT)).toHaveLength(1);
    expect(told('/srv/my disk/app', fstab, `${ROOT}/dev/sdb1 /srv/my\\040disk ext4 rw 0 0\n`)).toEqual([]);
  });

  it('are looked at on this machine too without a complaint', () => {
    for (const shell of SHELLS) expect(runIn(shell, mountsProbe(layoutAt('/opt/app')))).toMatch(/^is \/ /m);
  });
});
