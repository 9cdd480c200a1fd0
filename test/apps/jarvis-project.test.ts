import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadProject } from '../../src/config/project.ts';
import { KEYS, runPython } from './running-jarvis.ts';

describe('the project that ships it', () => {
  it('is accepted as it stands: inventory, playbook and the names between them', async () => {
    const dir = fileURLToPath(new URL('../../', import.meta.url));
    const caller = { env: {}, cwd: dir, home: dir, user: 'operator' };
    const project = await loadProject(dir, { caller, sshConfigFile: 'none' });
    if (!project.ok) throw new Error(project.failure.map(({ message }) => message).join('\n'));
    expect([...project.value.inventory.hosts.keys()]).toEqual(expect.arrayContaining(['jarvis-main', 'clawdbot']));
  });

  it('says the same required keys in the playbook, in the example of the secrets and in the app', () => {
    const text = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const names = Object.keys(KEYS);
    expect(text('playbooks/jarvis.yaml')).toContain(`required: [${names.join(', ')}]`);
    expect(text('secrets/jarvis.env.example').match(/^\w+(?==$)/gm)).toEqual(names);
    expect(runPython('import settings; print(*settings.REQUIRED)').trim().split(' ')).toEqual(names);
  });
});
