import { z } from 'zod';
import { accountSchema, appNameSchema, hostNameSchema, varsSchema } from '../inventory/names.ts';
import { type DeploySpec, deploySchema } from './deploy-schema.ts';
import { type Exclusive, exclusiveSchema } from './exclusive-schema.ts';
import type { Registry } from './registry.ts';
import { dataSchema, rootSchema } from './remote-path.ts';

/** What stands in a playbook before anything is filled in: these keys cannot have holes. */
export const headSchema = z.looseObject({
  name: appNameSchema.meta({ description: "The app's name; names its state on a host.", examples: ['jarvis'] }),
  hosts: z
    .array(hostNameSchema)
    .min(1)
    .meta({ description: 'Host and group names.', examples: [['vps']] }),
  vars: varsSchema.nullable().optional(),
});

/** Exactly one key, which says the kind: the schema of a task or a check, from the registry. */
function oneKind(kinds: readonly { readonly kind: string; readonly schema: z.ZodType }[], what: string) {
  return z
    .strictObject(Object.fromEntries(kinds.map(({ kind, schema }) => [kind, schema.optional()])))
    .check((context) => {
      const keys = Object.keys(context.value);
      if (keys.length === 1) return;
      const message = `must have exactly one key, the kind of the ${what}; found ${keys.length === 0 ? 'none' : keys.join(' and ')}`;
      context.issues.push({ code: 'custom', input: context.value, message });
    })
    .transform((entry): KindEntry => {
      const [kind = '', spec] = Object.entries(entry)[0] ?? [];
      return { kind, spec };
    })
    .meta({ title: what, minProperties: 1, maxProperties: 1 });
}

/** One task or check as it stands in the playbook: its kind and its valid spec. */
export type KindEntry = { readonly kind: string; readonly spec: unknown };

/** The whole of a playbook after filling, for one host. */
export type PlaybookBody = {
  readonly root: string;
  readonly user?: string | undefined;
  readonly data: readonly string[];
  readonly keep: number;
  readonly deploy: DeploySpec;
  readonly exclusive: readonly Exclusive[];
  readonly tasks: readonly KindEntry[];
  readonly preconditions: readonly KindEntry[];
  readonly health: readonly KindEntry[];
};

export type PlaybookSchema = z.ZodType<PlaybookBody & z.output<typeof headSchema>>;

export function playbookSchema({ tasks, checks }: Registry): PlaybookSchema {
  return z.strictObject({
    ...headSchema.shape,
    root: rootSchema.meta({ description: "The app's folder on the host.", examples: ['/opt/jarvis'] }),
    user: accountSchema
      .meta({ description: 'Service account; without it everything runs as the login user.', examples: ['jarvis'] })
      .optional(),
    data: dataSchema
      .meta({ description: 'Folders under root that outlive every generation.', examples: [['logs', 'data']] })
      .default([]),
    keep: z
      .int()
      .min(1)
      .meta({ description: 'Good generations kept on the host.', examples: [5] })
      .default(5),
    deploy: deploySchema.prefault({}),
    exclusive: exclusiveSchema
      .meta({ description: 'What at most one host of the whole inventory may run.' })
      .default([]),
    tasks: z.array(oneKind(tasks, 'task')).meta({ description: 'In order; each entry is one kind.' }).default([]),
    preconditions: z
      .array(oneKind(checks, 'check'))
      .meta({ description: 'What must hold before a host is touched; else it is left as it is.' })
      .default([]),
    health: z.array(oneKind(checks, 'check')).meta({ description: 'What must hold for a deploy to stay.' }).default([]),
  });
}
