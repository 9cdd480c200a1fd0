import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readYaml } from '../../config/diagnostics/read.ts';
import { readLocalText } from '../../local/file.ts';
import { type Inventoried, type Names, namesIn } from './names.ts';

// Loaded only where a file has changed, since it brings the YAML parser along.

/**
 * Names from the files as they are, whatever else is wrong with them. Nothing is started for a key that was pressed: what
 * a dynamic inventory said is what the last command heard from it.
 */
export async function readNames(project: string, before: Names | null): Promise<Names> {
  const inventory = await filesIn(project, 'inventory');
  const playbooks = await filesIn(project, 'playbooks');
  const nothing: Inventoried = { hosts: [], groups: [], channels: [] };
  const heard = inventory.others && before !== null ? before : nothing;
  const named = (key: string) => inventory.values.flatMap((value) => Object.keys(Object(Object(value)[key])));
  const both = (key: string, of: readonly string[]) => [...named(key), ...of];
  const all = { hosts: both('hosts', heard.hosts), groups: both('groups', heard.groups) };
  return namesIn(project, { ...all, channels: both('notify', heard.channels) }, playbooks.values);
}

async function filesIn(project: string, folder: string) {
  const names = (await readdir(join(project, folder))).filter((name) => !name.startsWith('.'));
  const yaml = names.filter((name) => /\.ya?ml$/.test(name)).sort();
  const values = await Promise.all(
    yaml.map(async (name) => {
      const text = await readLocalText(join(project, folder, name)).catch(() => '');
      return readYaml(name, text).yaml?.value;
    }),
  );
  return { values, others: yaml.length < names.length };
}
