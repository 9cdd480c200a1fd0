import { z } from 'zod';
import { CHANNELS, PINGS } from '../../notify/index.ts';
import { oldNameOf } from '../../util/renamed-key.ts';
import { oneKind } from '../one-kind.ts';
import { jumpSchema } from './jump.ts';
import { maintenanceSchema } from './maintenance.ts';
import {
  accountSchema,
  addressSchema,
  channelNameSchema,
  groupNameSchema,
  hostNameSchema,
  varsSchema,
} from './names.ts';

const HOST_KEY = /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521))$/;

/** `example`: one says best what is wanted. */
type ParsedKey = { readonly key: string } | { readonly why: string; readonly example?: true };

/** A public host key as known_hosts and `ssh-keyscan` print it, without the host: `type base64`, comment dropped. */
function parseHostKey(text: string): ParsedKey {
  if (/^(SHA256|MD5):/.test(text)) return { why: 'must be the whole key, not its fingerprint', example: true };
  const [type = '', data = ''] = text.trim().split(/\s+/);
  if (!HOST_KEY.test(type)) {
    return { why: 'must begin with its type: ssh-ed25519, ecdsa-sha2-nistp256 or ssh-rsa' };
  }
  const bytes = Buffer.from(data, 'base64');
  const length = bytes.length > 4 ? bytes.readUInt32BE(0) : 0;
  const named = bytes.subarray(4, 4 + length).toString('latin1');
  if (named !== type || bytes.toString('base64').replace(/=+$/, '') !== data.replace(/=+$/, '')) {
    return { why: `is not a complete ${type} key` };
  }
  return { key: `${type} ${data}` };
}

const hostKey = z.string().transform((text, context) => {
  const parsed = parseHostKey(text);
  if ('key' in parsed) return parsed.key;
  context.addIssue({ code: 'custom', message: parsed.why, params: { example: parsed.example } });
  return z.NEVER;
});

/** One pinned key or several, always a list afterwards. */
const hostKeySchema = z
  .union([hostKey, z.array(hostKey).min(1)])
  .transform((keys) => [keys].flat())
  .meta({
    description:
      'A pinned key or several, `type base64`, as `ssh-keyscan` prints them without the host; they replace known_hosts.',
    examples: ['ssh-ed25519 AAAA…'],
  });

const identityFile = z
  .union([z.string().min(1), z.array(z.string().min(1))])
  .transform((files) => [files].flat())
  .meta({
    description:
      "One or a list, relative to the project folder; by default of the SSH configuration, else `~/.ssh/id_ed25519`, `id_ecdsa`, `id_rsa`. The agent's keys are tried too.",
    examples: ['~/.ssh/id_ed25519'],
  });

const become = z.enum(['auto', 'none', 'sudo']).meta({
  description:
    'auto: sudo, else doas, unless the login is root; where both fail, continue without root. sudo: by either, or fail. none: never. By default auto.',
  examples: ['sudo'],
});

const runtime = z.enum(['auto', 'systemd', 'nohup']).meta({
  description:
    'What runs the services. auto: systemd where it is PID 1 and root was reached, else nohup. systemd, nohup: this one, or fail instead of falling back. By default auto.',
  examples: ['auto'],
});

const connection = {
  address: addressSchema.optional(),
  port: z
    .int()
    .min(1)
    .max(65_535)
    .meta({ description: 'By default of the SSH configuration, else 22.', examples: [2222] })
    .optional(),
  user: accountSchema
    .meta({ description: 'Login name; by default of the SSH configuration, else yours.', examples: ['root'] })
    .optional(),
  uploadUser: accountSchema
    .meta({
      description:
        'Account that code is sent as, over a second login (same address, keys and jump); all the rest goes over `user`, which needs root. The account must be able to log in before the first deploy. Without it root sends the code, which is as safe.',
      examples: ['jarvis'],
    })
    .optional(),
  identityFile: identityFile.optional(),
  jump: jumpSchema.optional(),
  become: become.optional(),
  hostKey: hostKeySchema.optional(),
  runtime: runtime.optional(),
};

/** As they may stand in a file; inventory.ts reads a field of an old name as the one that it is now. */
const written = { ...connection, codeUser: oldNameOf('uploadUser', accountSchema) };

/** Connection fields as a level of their own. */
export const fieldsSchema = z.strictObject(connection);

const vars = varsSchema.nullable().optional();

const group = z.strictObject({ ...written, vars });

const host = z.strictObject({
  ...written,
  groups: z
    .array(groupNameSchema)
    .meta({ description: 'Later groups beat earlier ones.', examples: [['vps']] })
    .optional(),
  vars,
});

/** One file of `inventory/`. */
export const inventorySchema = z.strictObject({
  defaults: z
    .strictObject(written)
    .nullable()
    .optional()
    .meta({ description: 'For every host that does not say otherwise.', examples: [{ user: 'root' }] }),
  groups: z
    .record(groupNameSchema, group.nullable())
    .nullable()
    .optional()
    .meta({ description: 'What hosts have in common: a group can say anything that a host can.' }),
  hosts: z
    .record(hostNameSchema, host.nullable())
    .nullable()
    .optional()
    .meta({ description: 'The machines, by names of your choice.', examples: [{ web1: { address: '192.0.2.10' } }] }),
  notify: z
    .record(channelNameSchema, oneKind([...CHANNELS, ...PINGS], 'notifier'))
    .nullable()
    .optional()
    .meta({
      description: 'Who can be told, each by a name of its own and one kind; playbooks name who hears of what.',
      examples: [{ ops: { slack: { url: { env: 'SLACK_URL' } } } }],
    }),
  maintenance: maintenanceSchema.nullable().optional().meta({
    description: 'Hours in which `fleet health --cron` says nothing; what is still bad behind them is told then.',
  }),
});

export type InventoryFile = z.output<typeof inventorySchema>;

/** Connection fields of one level: defaults, a group, a host, or flags. */
export type Fields = {
  readonly [Key in keyof typeof connection]?: z.output<(typeof connection)[Key]> | undefined;
};

export const FIELDS = Object.keys(connection) as readonly (keyof Fields)[];
