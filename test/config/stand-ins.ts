import { z } from 'zod';
import { defineCheck } from '../../src/checks/define.ts';
import type { Registry } from '../../src/config/playbook/registry.ts';
import { EMPTY_TASK_PLAN } from '../../src/model/plan.ts';
import type { BoundTask, PlanContext } from '../../src/model/task.ts';
import { defineTask } from '../../src/tasks/define.ts';

/** Small kinds, so that the tests of this folder do not change with the real ones. */
const copy = defineTask({
  kind: 'copy',
  about: 'stands in',
  schema: z.strictObject({
    from: z.string(),
    mode: z.string().optional(),
    words: z.array(z.string()).optional(),
    count: z.int().optional(),
    fill: z.boolean().default(false),
  }),
  local: async (spec, io) => {
    if (spec.from === 'ok') return '';
    const text = await io.read(spec.from);
    return spec.fill ? io.fill(text, spec.from) : text;
  },
  probe: () => null,
  parse: () => null,
  plan: ({ local }) => ({ ...EMPTY_TASK_PLAN, warnings: [local] }),
});

const sync = defineTask({
  kind: 'sync',
  about: 'stands in',
  schema: z.strictObject({ from: z.string(), exclude: z.array(z.string()).default([]) }),
  local: (spec, io) => io.tree(spec.from, spec.exclude),
  probe: () => null,
  parse: () => null,
  plan: ({ local }) => ({ ...EMPTY_TASK_PLAN, warnings: local.entries.map(({ path }) => path) }),
});

const secret = defineTask({
  kind: 'secret',
  about: 'stands in',
  schema: z.union([z.string(), z.strictObject({ env: z.string() }), z.strictObject({ command: z.array(z.string()) })]),
  local: (source, io) => io.secret(source),
  probe: () => null,
  parse: () => null,
  plan: ({ local }) => ({ ...EMPTY_TASK_PLAN, warnings: [local] }),
});

const echo = defineTask({
  kind: 'echo',
  about: 'stands in',
  schema: z.strictObject({
    word: z.string().optional(),
    words: z.array(z.string()).optional(),
    numbers: z.array(z.int()).optional(),
    plain: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
    many: z.array(z.strictObject({ on: z.boolean(), numbers: z.array(z.int()).optional() })).optional(),
  }),
  local: async (spec) => JSON.stringify(spec),
  probe: () => null,
  parse: () => null,
  plan: ({ local }) => ({ ...EMPTY_TASK_PLAN, warnings: [local] }),
});

/** Only what the exclusive names read of the real kinds. */
const enabling = <const Kind extends string>(kind: Kind, schema: z.ZodType) =>
  defineTask({
    kind,
    about: 'stands in',
    schema,
    local: async () => null,
    probe: () => null,
    parse: () => null,
    plan: () => EMPTY_TASK_PLAN,
  });
const units = enabling('units', z.strictObject({ enable: z.array(z.string()) }));
const instances = enabling('instances', z.strictObject({ of: z.string(), names: z.array(z.string()) }));

const http = defineCheck({
  kind: 'http',
  about: 'stands in',
  schema: z.strictObject({ url: z.string(), status: z.int().default(200) }),
  label: ({ url, status }) => `http ${url} ${status}`,
  retryForMs: () => 0,
  quotes: 'never',
  dials: () => ({ host: '127.0.0.1', port: 1 }),
  check: async () => ({ ok: true, detail: '' }),
});

export const STAND_INS: Registry = {
  tasks: [copy, sync, secret, echo, units, instances],
  checks: [http],
};

/** What a task of a stand-in kind read locally; the stand-ins plan it as warnings. */
export const readBy = (task: BoundTask | undefined): readonly string[] | undefined =>
  task?.plan('', {} as PlanContext).warnings;

/** The spec that an `echo` task was given. */
export const echoed = (task: BoundTask): unknown => JSON.parse(readBy(task)?.[0] ?? 'null');
