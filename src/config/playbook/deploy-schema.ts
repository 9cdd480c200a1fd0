import { z } from 'zod';
import { duration, milliseconds } from '../../util/duration.ts';

const inMilliseconds = duration.transform(milliseconds);

const percent = z.string().regex(/^(100|[1-9][0-9]?)%$/, { error: 'must be a number of hosts, or 1% to 100%' });

/** How a deploy goes through the fleet, and when a host counts as well. Every default stands here. */
export const deploySchema = z
  .strictObject({
    batch: z
      .union([z.int().min(1), percent])
      .meta({
        description: 'Hosts at a time, after the canaries: a number, or a share of the selected hosts.',
        examples: [1, '25%'],
      })
      .default(10),
    canary: z
      .int()
      .min(0)
      .meta({ description: 'Hosts that go first; the others wait for their success.', examples: [1] })
      .default(0),
    onFailure: z
      .enum(['stop', 'continue'])
      .meta({ description: 'Whether a failed host keeps later batches from starting.', examples: ['stop'] })
      .default('stop'),
    settle: inMilliseconds
      .meta({ description: 'How long services must stay up without a restart.', examples: ['10s'] })
      .prefault('10s'),
    deadline: inMilliseconds
      .meta({ description: 'When a host goes back by itself unless the deploy was confirmed.', examples: ['120s'] })
      .prefault('120s'),
    confirm: z
      .enum(['per-host', 'together'])
      .meta({ description: 'Whether each host commits by itself, or all of a batch together.', examples: ['per-host'] })
      .default('per-host'),
  })
  .refine(({ settle, deadline }) => settle < deadline, {
    error: 'must be shorter than deadline, or no deploy could ever be confirmed',
    path: ['settle'],
  });

export type DeploySpec = z.output<typeof deploySchema>;
