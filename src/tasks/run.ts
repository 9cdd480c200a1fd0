import { z } from 'zod';
import { durationMs } from '../model/duration.ts';
import { EMPTY_TASK_PLAN } from '../model/plan.ts';
import { defineTask } from './define.ts';
import { argv, duration, relativePath } from './fields.ts';

const schema = z.strictObject({
  command: argv.meta({
    description: 'Words; for shell syntax [sh, -c, …].',
    examples: [['python3', '-m', 'venv', '.venv']],
  }),
  creates: relativePath
    .meta({ description: 'Path in the release; the command is left out when it is there.' })
    .optional(),
  cwd: relativePath.meta({ description: 'Folder in the release to run in; by default itself.' }).optional(),
  timeout: duration.meta({ examples: ['10m'] }).default('10m'),
});

/** A command in the staged release, as the service user: a build step. */
export const run = defineTask({
  kind: 'run',
  schema,
  local: async () => null,
  declares: ({ spec }) => ({ commands: [spec.command] }),
  probe: () => null,
  parse: () => null,

  plan({ spec }) {
    const line = spec.command.map((word) => (/^[\w./:=@%+,-]+$/.test(word) ? word : JSON.stringify(word))).join(' ');
    return {
      ...EMPTY_TASK_PLAN,
      stage: [
        {
          id: `run:${line}`,
          title: `run ${line}`,
          do: 'run',
          argv: spec.command,
          cwd: spec.cwd ?? '',
          creates: spec.creates ?? null,
          timeoutMs: durationMs(spec.timeout) ?? 0,
        },
      ],
    };
  },
});
