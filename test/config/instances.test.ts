import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { editLists, instanceLists, targetOf } from '../../src/config/instances.ts';
import { loadProject } from '../../src/config/project.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

async function shipped() {
  const invoker = { env: {}, cwd: repository, home: '/nonexistent', user: 'alice' };
  const project = await loadProject(repository, { invoker, sshConfigFile: 'none' });
  if (!project.ok) throw new Error(project.failure.map(({ message }) => message).join('\n'));
  const lists = (app: string) => {
    const found = instanceLists(project.value, { hosts: [], groups: [], apps: [app], all: true });
    if (!found.ok) throw new Error(found.failure.map(({ message }) => message).join('\n'));
    return found.value;
  };
  return { project: project.value, lists };
}

it('experiments of the board are changed where the playbook has them, and nothing else of it', async () => {
  const { project, lists } = await shipped();
  const found = lists('brain-in-jar');
  const names = ['amnesiac_001', 'unstable_002', 'panopticon_003'];
  expect(found).toMatchObject([{ host: 'orin', of: 'brain-experiment@.service', names }]);
  const added = await editLists(project, found, 'add', ['test_001']);
  const before = readFileSync(join(repository, 'playbooks/brain-in-jar.yaml'), 'utf8');
  expect(added.ok && added.value).toMatchObject([
    {
      before,
      after: before.replace('panopticon_003]', 'panopticon_003, test_001]'),
      places: [{ file: 'playbooks/brain-in-jar.yaml' }],
    },
  ]);
  expect(added.ok && added.value[0]?.after).not.toBe(before);
  const removed = await editLists(project, found, 'remove', ['unstable_002']);
  expect(removed.ok && removed.value[0]?.after).toBe(before.replace(' unstable_002,', ''));
  expect(await editLists(project, found, 'add', names)).toEqual({ ok: true, value: [] });
  const [first] = found;
  expect(first && (await targetOf(project, first))).toBe('brain-experiment.target');
});

it('a name that cannot be one, and an app without any, are told', async () => {
  const { project, lists } = await shipped();
  const wrong = await editLists(project, lists('brain-in-jar'), 'add', ['a b']);
  expect(wrong.ok ? [] : wrong.failure).toMatchObject([
    { message: expect.stringContaining('must be letters, digits') },
  ]);
  expect(lists('amarktai')).toEqual([]);
});
