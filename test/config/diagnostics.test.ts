import { describe, expect, it } from 'vitest';
import { formatDiagnostic } from '../../src/config/diagnostics/diagnostic.ts';
import { loadProject } from '../../src/config/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { readCases } from './diagnostics/cases.ts';
import { callerIn, folderWith } from './project-folder.ts';
import { STAND_INS } from './stand-ins.ts';

/** What a project's files are told, as the operator sees it. */
async function told(files: Readonly<Record<string, string>>): Promise<string> {
  await using folder = await folderWith({ 'inventory/.keep': '', 'playbooks/.keep': '', ...files });
  const invoker = callerIn(folder.dir);
  const project = await loadProject(folder.dir, { invoker, registry: STAND_INS, sshConfigFile: 'none' });
  const result = project.ok ? await resolveTargets(project.value, EVERYTHING) : project;
  return result.ok ? 'nothing' : result.failure.map(formatDiagnostic).join('\n');
}

const PLAYBOOK = 'name: app\nhosts: [web1]\nroot: /opt/app\n';
const INVENTORY =
  'groups: { vps: {} }\nhosts:\n  web1: { groups: [vps] }\n  web2: { groups: [vps] }\n  twin: { address: WEB1. }\n';

describe('an inventory with', () => {
  it.each(readCases('inventory.txt'))('$title is told where and how to put it right', async ({ input, expected }) => {
    expect(await told({ 'inventory/hosts.yaml': input })).toBe(expected);
  });

  it('nothing wrong is told nothing', async () => {
    expect(await told({ 'inventory/hosts.yaml': INVENTORY, 'playbooks/app.yaml': PLAYBOOK })).toBe('nothing');
  });
});

describe('a playbook with', () => {
  it.each(readCases('playbook.txt'))('$title is told where and how to put it right', async ({ input, expected }) => {
    expect(await told({ 'inventory/hosts.yaml': INVENTORY, 'playbooks/app.yaml': input })).toBe(expected);
  });
});
