import { z } from 'zod';
import { hostKeySchema } from './host-key-schema.ts';
import { jumpSchema } from './jump.ts';
import { accountSchema, addressSchema, groupNameSchema, hostNameSchema, varsSchema } from './names.ts';

const identityFile = z
  .union([z.string().min(1), z.array(z.string().min(1))])
  .transform((files) => [files].flat())
  .meta({ description: 'Private keys to try, relative to the project folder.', examples: ['~/.ssh/id_ed25519'] });

const become = z.enum(['auto', 'none', 'sudo']).meta({
  description: 'How commands get root: auto uses sudo, else doas, unless the login is root.',
  examples: ['sudo'],
});

const runtime = z
  .enum(['auto', 'systemd', 'nohup'])
  .meta({ description: 'What runs the services: auto asks the host.', examples: ['auto'] });

const connection = {
  address: addressSchema.optional(),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .meta({ examples: [2222] })
    .optional(),
  user: accountSchema.meta({ description: 'Login name.', examples: ['root'] }).optional(),
  codeUser: accountSchema
    .meta({
      description: 'Account that code is sent as, over a login of its own; the account of user does all the rest.',
      examples: ['jarvis'],
    })
    .optional(),
  identityFile: identityFile.optional(),
  jump: jumpSchema.optional(),
  become: become.optional(),
  hostKey: hostKeySchema.optional(),
  runtime: runtime.optional(),
};

/** Connection fields as a level of their own. */
export const fieldsSchema = z.strictObject(connection);

const vars = varsSchema.nullable().optional();

const group = z.strictObject({ ...connection, vars });

const host = z.strictObject({
  ...connection,
  groups: z
    .array(groupNameSchema)
    .meta({ description: 'Later groups beat earlier ones.', examples: [['vps']] })
    .optional(),
  vars,
});

/** One file of `inventory/`. */
export const inventorySchema = z.strictObject({
  defaults: z
    .strictObject(connection)
    .nullable()
    .optional()
    .meta({ examples: [{ user: 'root' }] }),
  groups: z.record(groupNameSchema, group.nullable()).nullable().optional(),
  hosts: z
    .record(hostNameSchema, host.nullable())
    .nullable()
    .optional()
    .meta({ examples: [{ web1: { address: '192.0.2.10' } }] }),
});

export type InventoryFile = z.output<typeof inventorySchema>;

/** Connection fields of one level: defaults, a group, a host, or flags. */
export type Fields = {
  readonly [Key in keyof typeof connection]?: z.output<(typeof connection)[Key]> | undefined;
};

export const FIELDS = Object.keys(connection) as readonly (keyof Fields)[];
