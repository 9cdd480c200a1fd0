import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { loadProject } from '../../src/config/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { callerIn, folderWith } from './project-folder.ts';

const PLAYBOOK = 'name: app\nhosts: [one]\nroot: /opt/app\n';

/** Who sends code and how long each check is tried, with the warnings; or the errors. */
async function resolve(inventory: string, playbook = '', more: Readonly<Record<string, string>> = {}) {
  await using folder = await folderWith({
    'inventory/h.yaml': inventory,
    'playbooks/app.yaml': `${PLAYBOOK}${playbook}`,
    ...more,
  });
  const loaded = await loadProject(folder.dir, { invoker: callerIn(folder.dir), sshConfigFile: 'none' });
  const result = loaded.ok ? await resolveTargets(loaded.value, EVERYTHING) : loaded;
  if (!result.ok) return { errors: result.failure.map(formatDiagnostic) };
  const [target] = result.value.targets;
  const tried = [...(target?.preconditions ?? []), ...(target?.checks ?? [])].map(({ retryForMs }) => retryForMs);
  return { uploadUser: target?.uploadUser, tried, warnings: result.value.warnings };
}

describe('codeUser, which is uploadUser now', () => {
  it.each([
    ['a host', (key: string) => `hosts:\n  one:\n    ${key}: jarvis\n`, '3:5'],
    ['a group', (key: string) => `groups:\n  g:\n    ${key}: jarvis\nhosts: { one: { groups: [g] } }\n`, '3:5'],
    ['the defaults', (key: string) => `defaults:\n  ${key}: jarvis\nhosts: { one: }\n`, '2:3'],
  ])('of %s is taken, and told of once with its place', async (_where, inventory, place) => {
    const warning = `inventory/h.yaml:${place}: "codeUser" is now called "uploadUser"; the old name will go away`;
    expect(await resolve(inventory('codeUser'))).toEqual({ uploadUser: 'jarvis', tried: [], warnings: [warning] });
    expect(await resolve(inventory('uploadUser'))).toEqual({ uploadUser: 'jarvis', tried: [], warnings: [] });
  });

  it('is an error beside it, also where another file says it', async () => {
    const { errors } = await resolve('hosts:\n  one:\n    codeUser: jarvis\n    uploadUser: jarvis\n');
    expect(errors).toEqual([
      [
        'inventory/h.yaml:3:5: "codeUser" is the old name of "uploadUser", which is set too',
        '  3 |     codeUser: jarvis',
        '    |     ^^^^^^^^',
        '  leave "codeUser" out',
      ].join('\n'),
    ]);
    const inOther = await resolve('defaults: { codeUser: a }\nhosts: { one: }\n', '', {
      'inventory/z.yaml': 'defaults: { uploadUser: b }\n',
    });
    expect(inOther.errors?.join()).toContain('the default "uploadUser" is already defined at inventory/h.yaml:1:13');
  });

  it('of a host beats the new name of a group, and the other way round', async () => {
    const mixed = (group: string, host: string) =>
      `groups: { g: { ${group}: group } }\nhosts: { one: { groups: [g], ${host}: host } }\n`;
    expect(await resolve(mixed('uploadUser', 'codeUser'))).toMatchObject({ uploadUser: 'host' });
    expect(await resolve(mixed('codeUser', 'uploadUser'))).toMatchObject({ uploadUser: 'host' });
  });

  it('goes by the same rules', async () => {
    const { errors } = await resolve('hosts: { one: { codeUser: "-x" } }\n');
    expect(errors?.join()).toContain('codeUser must');
  });
});

describe('within, which is retryFor now', () => {
  const entries = (key: string) =>
    [
      ['unit', 'name: a.service'],
      ['http', 'url: "http://127.0.0.1/"'],
      ['tcp', 'port: 80'],
      ['command', 'command: [/bin/true]'],
      ['temperature', 'critical: 85'],
      ['memory', 'unit: a.service'],
    ]
      .map(([kind, spec]) => `  - ${kind}: { ${spec}, ${key}: 30s }\n`)
      .join('');

  it('of every kind of check is taken, and told of once each with its place', async () => {
    const old = await resolve('hosts: { one: }\n', `preconditions:\n${entries('within')}health:\n${entries('within')}`);
    const now = await resolve(
      'hosts: { one: }\n',
      `preconditions:\n${entries('retryFor')}health:\n${entries('retryFor')}`,
    );
    const tried = Array.from({ length: 12 }, () => 30_000);
    const told = (text: string) => text.includes('"within" is now called "retryFor"');
    expect(old.tried).toEqual(tried);
    const lines = (old.warnings ?? []).filter(told).map((text) => Number(text.split(':')[1]));
    expect(lines.sort((a, b) => a - b)).toEqual([5, 6, 7, 8, 9, 10, 12, 13, 14, 15, 16, 17]);
    expect(old.warnings).toContain(
      'playbooks/app.yaml:5:30: "within" is now called "retryFor"; the old name will go away',
    );
    expect(now.tried).toEqual(tried);
    expect(now.warnings?.filter(told)).toEqual([]);
  });

  it('is an error beside it, and a wrong value is one too', async () => {
    const { errors } = await resolve('hosts: { one: }\n', 'health:\n  - tcp: { port: 80, within: 1s, retryFor: 1s }\n');
    expect(errors).toEqual([
      [
        'playbooks/app.yaml:5:22: "within" is the old name of "retryFor", which is set too',
        '  5 |   - tcp: { port: 80, within: 1s, retryFor: 1s }',
        '    |                      ^^^^^^',
        '  leave "within" out',
      ].join('\n'),
    ]);
    const wrong = await resolve('hosts: { one: }\n', 'health:\n  - tcp: { port: 80, within: 30 }\n');
    expect(wrong.errors?.join()).toContain('within must');
  });

  it('of a playbook that is not selected is not told of', async () => {
    await using folder = await folderWith({
      'inventory/h.yaml': 'hosts: { one: }\n',
      'playbooks/app.yaml': PLAYBOOK,
      'playbooks/other.yaml': `name: other\nhosts: [one]\nroot: /opt/other\nhealth: [{ tcp: { port: 80, within: 1s } }]\n`,
    });
    const loaded = await loadProject(folder.dir, { invoker: callerIn(folder.dir), sshConfigFile: 'none' });
    if (!loaded.ok) throw new Error('refused');
    const selected = async (apps: string[]) => {
      const result = await resolveTargets(loaded.value, { hosts: [], groups: [], apps, all: false });
      return result.ok ? result.value.warnings : null;
    };
    expect(await selected(['app'])).toEqual([]);
    expect(await selected(['other'])).toHaveLength(1);
  });
});
