import { z } from 'zod';
import { EMPTY_TASK_PLAN } from '../model/plan.ts';
import { commandLine } from '../util/command-line.ts';
import { duration, milliseconds } from '../util/duration.ts';
import { defineTask } from './define.ts';
import { argv, relativePath } from './fields.ts';

const build = z.strictObject({
  command: argv.meta({
    description: 'Words; for shell syntax [sh, -c, …].',
    examples: [['python3', '-m', 'venv', '.venv']],
  }),
  creates: relativePath
    .meta({ description: 'Path in the release; the command is left out when it is there.' })
    .optional(),
  cwd: relativePath.meta({ description: 'Folder in the release to run in; by default itself.' }).optional(),
  timeout: duration.meta({ description: 'How long it may take.', examples: ['10m'] }).default('10m'),
  when: z
    .enum(['build', 'before-start'])
    .meta({
      description:
        'build: while the release is made. before-start: once per deploy, behind the sealed release and before the switch, with its .env and the data; what it does to data is not undone.',
      examples: ['before-start'],
    })
    .default('build'),
});

const schema = build.check((context) => {
  if (context.value.when === 'build' || context.value.creates === undefined) return;
  const message = 'is for build steps: what runs before the start runs with every deploy';
  context.issues.push({ code: 'custom', input: context.value.creates, path: ['creates'], message });
});

/** A command in the staged release, as the service user: a build step, or one before the start, such as a migration. */
export const run = defineTask({
  kind: 'run',
  about:
    'A command in the staged release, as the service user, after all files are there: a build step, or one before the start, such as a migration.',
  schema,
  local: async () => null,
  // What runs before the start finds the release sealed, and makes nothing of it.
  declares: ({ spec }) => ({ commands: spec.when === 'build' ? [spec.command] : [] }),
  probe: () => null,
  parse: () => null,

  plan({ spec }) {
    const line = commandLine(spec.command);
    const step = { argv: spec.command, cwd: spec.cwd ?? '', timeoutMs: milliseconds(spec.timeout) };
    if (spec.when === 'before-start')
      return { ...EMPTY_TASK_PLAN, before: [{ id: `before:${line}`, title: `before the start: ${line}`, ...step }] };
    const creates = spec.creates ?? null;
    return { ...EMPTY_TASK_PLAN, stage: [{ id: `run:${line}`, title: `run ${line}`, do: 'run', creates, ...step }] };
  },
});
