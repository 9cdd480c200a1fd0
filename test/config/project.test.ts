import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { findProject } from '../../src/config/find-project.ts';
import { loadProject } from '../../src/config/project.ts';
import { callerIn, folderWith } from './project-folder.ts';
import { STAND_INS } from './stand-ins.ts';

const EMPTY = { 'inventory/.keep': '', 'playbooks/.keep': '' };

async function told(files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await using folder = await folderWith({ ...EMPTY, ...files });
  const result = await loadProject(folder.dir, {
    invoker: callerIn(folder.dir),
    registry: STAND_INS,
    sshConfigFile: 'none',
  });
  return result.ok ? [] : result.failure.map(formatDiagnostic);
}

describe('the project folder', () => {
  it('is the nearest one upwards with inventory/ and playbooks/', async () => {
    await using folder = await folderWith(EMPTY);
    const below = join(folder.dir, 'units/deep/er');
    await mkdir(below, { recursive: true });
    expect(await findProject(callerIn(below), null)).toEqual({ ok: true, value: folder.dir });
    expect(await findProject(callerIn(folder.dir), null)).toEqual({ ok: true, value: folder.dir });
  });

  it('that -C names is relative to where the command was typed, and is not looked for elsewhere', async () => {
    await using folder = await folderWith({ ...EMPTY, 'units/x': '' });
    const invoker = callerIn(join(folder.dir, 'units'));
    expect(await findProject(invoker, '..')).toEqual({ ok: true, value: folder.dir });
    const wrong = await findProject(invoker, '.');
    expect(wrong.ok ? '' : wrong.failure.map(formatDiagnostic).join()).toBe(
      '-C: . is no fleet project: it needs the folders inventory/ and playbooks/',
    );
  });

  it('that does not exist is an error that names the ways out', async () => {
    await using folder = await folderWith({ 'inventory/.keep': '' });
    const result = await findProject(callerIn(folder.dir), null);
    expect(result.ok ? '' : result.failure.map(formatDiagnostic).join()).toContain(
      'name the project with -C, or make one',
    );
  });
});

describe('files that are right by themselves', () => {
  const inventory =
    'groups: { vps: }\nhosts:\n  a: { groups: [vps] }\n  b: { groups: [vps], vars: { base: /opt/one } }\n';
  const app = (name: string, root: string) => `name: ${name}\nhosts: [vps]\nroot: "${root}"\n`;

  it('and with each other are told nothing', async () => {
    expect(
      await told({
        'inventory/h.yaml': inventory,
        'playbooks/x.yaml': app('x', '/opt/x'),
        'playbooks/y.yml': app('y', '/opt/y'),
      }),
    ).toEqual([]);
  });

  it('cannot define one app twice', async () => {
    const files = {
      'inventory/h.yaml': inventory,
      'playbooks/x.yaml': app('x', '/opt/x'),
      'playbooks/y.yaml': app('x', '/opt/y'),
    };
    expect((await told(files)).join()).toContain(
      'playbooks/y.yaml:1:7: the app "x" is already defined at playbooks/x.yaml:1:7',
    );
  });

  it.each([
    ['the same root', '/opt/one', 'is the root of the app "x"'],
    ['a root inside the other', '/opt/one/two', 'overlaps the root of the app "x"'],
    ['a root around the other', '/opt/one', 'is the root of the app "x"'],
    ['a root that is the same on one host only', '{{ base }}', '/opt/one is the root of the app "x" on b too'],
  ])('cannot put two apps of a host in %s', async (_, root, message) => {
    const files = {
      'inventory/h.yaml': inventory,
      'playbooks/x.yaml': app('x', '/opt/one'),
      'playbooks/y.yaml': app('y', root),
    };
    expect((await told(files)).join()).toContain(message);
  });

  it('cannot put two apps in one home, whoever says the login of a host', async () => {
    const logins = 'groups: { vps: { user: bob } }\nhosts: { a: { groups: [vps] } }\n';
    const files = (login: string) => ({
      'inventory/h.yaml': logins,
      'playbooks/x.yaml': app('x', '/srv/{{ user }}/app'),
      'playbooks/y.yaml': app('y', `/srv/${login}/app`),
    });
    expect((await told(files('bob'))).join()).toContain('is the root of the app "x"');
    expect(await told(files('eve'))).toEqual([]);
  });

  it('may have roots that merely begin alike', async () => {
    const files = {
      'inventory/h.yaml': inventory,
      'playbooks/x.yaml': app('x', '/opt/one'),
      'playbooks/y.yaml': app('y', '/opt/one-two'),
    };
    expect(await told(files)).toEqual([]);
  });
});

describe('errors of several files', () => {
  it('are reported together, sorted by file and line', async () => {
    const found = await told({
      'playbooks/b.yaml': 'name: b\nhosts: [x]\nroot: /opt/b\nkeeps: 1\n',
      'playbooks/a.yaml': 'name: a\nhosts: []\nroot: opt\n',
      'inventory/h.yaml': 'hosts:\n  x: { prt: 1 }\n',
    });
    expect(found.map((text) => text.split('\n')[0])).toEqual([
      'inventory/h.yaml:2:8: unknown key "prt"',
      'playbooks/a.yaml:2:8: hosts must not be empty',
      'playbooks/a.yaml:3:7: root must be an absolute path',
      'playbooks/b.yaml:4:1: unknown key "keeps"',
    ]);
  });

  it('do not blame a playbook for a host whose file could not be read', async () => {
    const files = {
      'playbooks/b.yaml': 'name: b\nhosts: [x]\nroot: /opt/b\n',
      'inventory/h.yaml': 'hosts:\n  x: { prt: 1 }\n',
    };
    expect(await told(files)).toHaveLength(1);
  });
});

describe('a large file', () => {
  it('is searched for keys that are there twice', async () => {
    const hosts = Array.from({ length: 3000 }, (_, i) => `  host${i}:\n`).join('');
    await using folder = await folderWith({ ...EMPTY, 'inventory/h.yaml': `hosts:\n${hosts}  host1:\n` });
    const twice = await loadProject(folder.dir, { invoker: callerIn(folder.dir) });
    expect(!twice.ok && twice.failure.map(({ message }) => message)).toEqual([
      'the key "host1" is already defined at inventory/h.yaml:3:3',
    ]);
  });

  it('that no playbook and no inventory is so large is refused unread', async () => {
    const comment = `# ${'x'.repeat(5 * 1024 * 1024)}\n`;
    await using folder = await folderWith({ 'inventory/h.yaml': comment, 'playbooks/p.yaml': comment });
    const loaded = await loadProject(folder.dir, { invoker: callerIn(folder.dir) });
    expect(!loaded.ok && loaded.failure.map(({ message }) => message)).toEqual([
      'this is larger than 4 MB, which no file of this kind is; make it smaller',
      'this is larger than 4 MB, which no file of this kind is; make it smaller',
    ]);
  });
});
