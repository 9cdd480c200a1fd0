import { z } from 'zod';
import { exclusiveNameSchema } from '../inventory/names.ts';

const unit = z
  .string()
  .max(255)
  .regex(
    /^[\w:\\][\w:.\\@-]*\.(service|target|timer|socket|path|slice|mount)$/,
    'must be a unit with its suffix, such as jarvis.service',
  );

/** What only one host of the inventory may run, whatever hosts a command names. */
export const exclusiveSchema = z.array(
  z.strictObject({
    name: exclusiveNameSchema.meta({
      description: 'What there must be only one of; playbooks that use the same name share it.',
      examples: ['telegram-poller'],
    }),
    units: z
      .array(unit)
      .min(1)
      .meta({
        description: 'Units that do it; a template stands for its instances. At most one host may enable one of them.',
        examples: [['jarvis.service', 'jarvis-telegram.service']],
      }),
    when: z
      .boolean()
      .meta({ description: 'Whether a host that enables one of the units does it.', examples: [true] })
      .default(true),
  }),
);

export type Exclusive = z.output<typeof exclusiveSchema>[number];
