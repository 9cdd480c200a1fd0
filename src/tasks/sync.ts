import { z } from 'zod';
import { EMPTY_TASK_PLAN } from '../model/plan.ts';
import { defineTask, InputError } from './define.ts';
import { localPath, relativePath } from './fields.ts';

const schema = z.strictObject({
  from: localPath.meta({ description: 'Folder on this machine, relative to the project.', examples: ['../Jarvis'] }),
  exclude: z
    .array(z.string().min(1))
    .meta({
      description: 'Patterns as in a .gitignore. `.git` stays behind without one; `!.git` takes it along.',
    })
    .default([]),
  to: z
    .union([z.literal(''), relativePath])
    .meta({ description: 'Folder in the release; by default itself.' })
    .default(''),
});

/** Code: a local folder as it is, sent into the release. */
export const sync = defineTask({
  kind: 'sync',
  about:
    'Sends code into the release. `.env*` files and data folders are never part of it; setuid and setgid bits do not arrive. `fleet check` names what looks like a secret, data that stays behind, and submodules that are empty.',
  schema,

  async local(spec, io) {
    // The last pattern wins: `!.git` in the playbook brings the history along, and no `!` brings a file with secrets back.
    const tree = await io.tree(spec.from, ['.git', ...spec.exclude, '.env*']);
    if (!tree.entries.some((entry) => entry.type !== 'directory')) {
      throw new InputError(`${spec.from} holds no files to send; see its name, and what \`exclude\` leaves out`);
    }
    return tree;
  },

  probe: () => null,
  parse: () => null,

  plan({ spec, local: tree }, _facts, { host }) {
    const able = host.tools.has('rsync') || host.tools.has('tar');
    const files = tree.entries.filter((entry) => entry.type !== 'directory').length;
    const title = `send ${spec.from} (${files} ${files === 1 ? 'file' : 'files'})`;
    return {
      ...EMPTY_TASK_PLAN,
      stage: [{ id: `sync:${spec.to}`, title, do: 'sync', tree, to: spec.to }],
      unsupported: able ? [] : ['rsync or tar, to receive files'],
    };
  },
});
