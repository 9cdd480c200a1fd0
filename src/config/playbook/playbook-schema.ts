import { z } from 'zod';
import { DEFAULT_CHECKS, DEFAULTS, type Default } from '../../checks/defaults.ts';
import type { WatchPolicy } from '../../model/probation.ts';
import { duration, milliseconds } from '../../util/duration.ts';
import {
  accountSchema,
  appNameSchema,
  channelNameSchema,
  exclusiveNameSchema,
  hostNameSchema,
  varsSchema,
} from '../inventory/names.ts';
import { type KindEntry, oneKind } from '../one-kind.ts';
import type { Registry } from './registry.ts';
import { dataSchema, rootSchema } from './remote-path.ts';

const inMilliseconds = duration.transform(milliseconds);

const percent = z.string().regex(/^(100|[1-9][0-9]?)%$/, { error: 'must be a number of hosts, or 1% to 100%' });

const watchFor = inMilliseconds
  .refine((ms) => ms >= 10_000, 'must be 10s or longer')
  .meta({ description: 'How long, from the commit on.', examples: ['15m'] });

const watchLong = z
  .strictObject({
    for: watchFor,
    every: inMilliseconds
      .refine((ms) => ms >= 1000, 'must be 1s or longer')
      .meta({ description: 'How far apart its looks are.', examples: ['15s'] })
      .prefault('15s'),
    restarts: z
      .int()
      .min(0)
      .meta({ description: 'How often one of the services may start again.', examples: [1] })
      .default(0),
    failures: z
      .int()
      .min(1)
      .max(100)
      .meta({ description: 'How often in a row a check must fail.', examples: [3] })
      .default(3),
  })
  .transform(
    ({ for: forMs, every: everyMs, restarts, failures }): WatchPolicy => ({ forMs, everyMs, restarts, failures }),
  );

/** What a host does by itself behind the commit. */
const watchSchema = z
  .union([
    watchFor.transform((forMs): WatchPolicy => ({ forMs, everyMs: 15_000, restarts: 0, failures: 3 })),
    watchLong,
  ])
  .meta({
    description:
      'How long the host goes on watching a new generation by itself, to go back to the one before when a service starts again or a check fails that it can ask alone.',
    examples: ['15m', { for: '15m', restarts: 1 }],
  });

/** How a deploy goes through the fleet, and when a host counts as well. Every default stands here. */
const deploySchema = z
  .strictObject({
    batch: z
      .union([z.int().min(1), percent])
      .meta({
        description:
          'Hosts at a time, after the canaries: a number, or a share of the selected hosts. `--parallel` is a second limit.',
        examples: [1, '25%'],
      })
      .default(10),
    canary: z
      .int()
      .min(0)
      .meta({ description: 'Hosts that go first; the others wait for their success.', examples: [1] })
      .default(0),
    waves: z
      .boolean()
      .meta({
        description:
          'Whether a batch has to end before the next one begins; else a host begins where another has ended.',
        examples: [true],
      })
      .default(false),
    onFailure: z
      .enum(['stop', 'continue'])
      .meta({
        description:
          'Whether a failed host keeps those that have not begun from beginning. One that was only unreachable stops nobody.',
        examples: ['stop'],
      })
      .default('stop'),
    settle: inMilliseconds
      .meta({ description: 'How long services must stay up without a restart.', examples: ['10s'] })
      .prefault('10s'),
    deadline: inMilliseconds
      .meta({
        description: 'From the switch on; not confirmed by then, the host goes back by itself. Longer than `settle`.',
        examples: ['120s'],
      })
      .prefault('120s'),
    confirm: z
      .enum(['per-host', 'together'])
      .meta({
        description:
          'Whether each host commits by itself; or together: all hosts at once, switched when all are staged, confirmed only when all are healthy. `batch` and `canary` do not apply then.',
        examples: ['per-host'],
      })
      .default('per-host'),
    restart: z
      .enum(['changed', 'always'])
      .meta({
        description: 'Whether a unit restarts only when something that it uses has changed, or at each deploy.',
        examples: ['changed'],
      })
      .default('changed'),
    watch: watchSchema.optional(),
  })
  .refine(({ settle, deadline }) => settle < deadline, {
    error: 'must be shorter than deadline, or no deploy could ever be confirmed',
    path: ['settle'],
  });

export type DeploySpec = z.output<typeof deploySchema>;

const unit = z
  .string()
  .max(255)
  .regex(
    /^[\w:\\][\w:.\\@-]*\.(service|target|timer|socket|path|slice|mount)$/,
    'must be a unit with its suffix, such as jarvis.service',
  );

/** What only one host of the inventory may run, whatever hosts a command names. */
const exclusiveSchema = z.array(
  z.strictObject({
    name: exclusiveNameSchema.meta({
      description:
        'What there must be only one of, such as a bot that polls with one token; playbooks that use the same name share it.',
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
      .meta({
        description: 'Whether a host that enables one of the units does it: such a host owns the name.',
        examples: [true],
      })
      .default(true),
  }),
);

type Exclusive = z.output<typeof exclusiveSchema>[number];

const channels = z.array(channelNameSchema).min(1);

const notifySchema = z
  .union([
    channels,
    z.strictObject({
      deploy: channels.meta({ description: 'Told of a new generation that is live.' }).optional(),
      revert: channels.meta({ description: 'Told of a change that was taken back.' }).optional(),
      rollback: channels
        .meta({ description: 'Told of a host that was taken back to a generation, or cleared.' })
        .optional(),
      stuck: channels.meta({ description: 'Told of a host that needs a person.' }).optional(),
    }),
  ])
  .meta({
    description: 'Which channels of the inventory hear of what: names for everything, or names for each kind of news.',
    examples: [['ops'], { revert: ['ops'], stuck: ['ops', 'pager'] }],
  });

/** What stands in a playbook before anything is filled in: these keys cannot have placeholders. */
export const headSchema = z.looseObject({
  name: appNameSchema.meta({ description: "The app's name; names its state on a host.", examples: ['jarvis'] }),
  hosts: z
    .array(hostNameSchema)
    .min(1)
    .meta({ description: 'Host and group names.', examples: [['vps']] }),
  vars: varsSchema.nullable().optional(),
  notify: notifySchema.optional(),
});

const switches = Object.fromEntries(
  DEFAULTS.map((name) => [name, z.boolean().meta({ description: DEFAULT_CHECKS[name] }).default(true)]),
);

/** What `fleet health` asks by itself: all of it, nothing, or all but some. */
const defaultChecksSchema = z.union([z.boolean(), z.strictObject(switches)]);

type DefaultChecks = boolean | { readonly [name: string]: boolean };

export const wantedDefaults = (wanted: DefaultChecks): readonly Default[] =>
  DEFAULTS.filter((name) => (typeof wanted === 'boolean' ? wanted : wanted[name] !== false));

const celsius = z.int().min(20).max(150);

const heatSchema = z
  .strictObject({
    throttle: celsius
      .meta({ description: 'From here on services get `quota` of a processor, in °C.', examples: [75] })
      .optional(),
    stop: celsius.meta({ description: 'From here on they are stopped.', examples: [85] }).optional(),
    below: z
      .int()
      .min(1)
      .max(50)
      .meta({ description: 'So much cooler it has to be before that is taken back.', examples: [5] })
      .default(5),
    quota: z
      .string()
      .regex(/^[1-9]\d{0,3}%$/, 'must be a share of one processor such as 50%')
      .meta({ description: '`CPUQuota=` while it is throttled.', examples: ['50%'] })
      .default('50%'),
    zones: z
      .array(z.string().regex(/^[\w.*?-]+$/, 'must be the type of a thermal zone such as tj-thermal or cpu*'))
      .min(1)
      .meta({
        description: "Thermal zones that count; by default the processor's, else all.",
        examples: [['tj-thermal']],
      })
      .optional(),
    units: z
      .array(unit)
      .min(1)
      .meta({ description: 'What is throttled and stopped; by default all that a deploy starts.' })
      .optional(),
  })
  .check((context) => {
    const { throttle, stop } = context.value;
    const wrong = (path: string, message: string) =>
      context.issues.push({ code: 'custom', input: context.value, path: [path], message });
    if (throttle === undefined && stop === undefined) wrong('stop', 'or throttle must be there');
    if (throttle !== undefined && stop !== undefined && throttle >= stop) wrong('throttle', 'must be below stop');
  });

const actSchema = ({ checks }: Registry) =>
  z
    .strictObject({
      every: inMilliseconds
        .refine((ms) => ms >= 1000, 'must be 1s or longer')
        .meta({ description: 'How far apart its looks are.', examples: ['10s'] })
        .prefault('10s'),
      heat: heatSchema.meta({ description: 'What is done where the board is hot.' }).optional(),
      hung: z
        .array(
          z.strictObject({
            unit: unit.meta({ description: 'The service that is restarted.', examples: ['jarvis.service'] }),
            when: oneKind(checks, 'check').meta({
              description: 'The check that has to fail: one that a host can ask alone.',
            }),
            failures: z
              .int()
              .min(1)
              .max(100)
              .meta({ description: 'How often in a row.', examples: [3] })
              .default(3),
          }),
        )
        .meta({ description: 'Services that are restarted when they hang.' })
        .default([]),
    })
    .refine(({ heat, hung }) => heat !== undefined || hung.length > 0, 'must say what is done: heat, hung or both');

type ActSpec = z.output<ReturnType<typeof actSchema>>;

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
  readonly defaultChecks: DefaultChecks;
  readonly act?: ActSpec | undefined;
};

export type PlaybookSchema = z.ZodType<PlaybookBody & z.output<typeof headSchema>>;

export function playbookSchema({ tasks, checks }: Registry): PlaybookSchema {
  return z.strictObject({
    ...headSchema.shape,
    root: rootSchema.meta({
      description: "The app's folder on the host; one of its own, not one of the system. It belongs to root.",
      examples: ['/opt/jarvis'],
    }),
    user: accountSchema
      .meta({
        description: 'Service account: owns data and `.env`. Without it everything runs as the login user, or root.',
        examples: ['jarvis'],
      })
      .optional(),
    data: dataSchema
      .meta({
        description:
          'Folders under root that outlive every generation: made with mode 0750 for `user` where missing, left as they are where not; linked into each release at the same path.',
        examples: [['logs', 'data']],
      })
      .default([]),
    keep: z
      .int()
      .min(1)
      .meta({ description: 'Good generations kept on the host.', examples: [5] })
      .default(5),
    deploy: deploySchema
      .meta({ description: 'How a deploy goes through the hosts, and when a host counts as well.' })
      .prefault({}),
    exclusive: exclusiveSchema
      .meta({
        description:
          'What at most one host of the whole inventory may run. A second owner is an error before any host is contacted.',
      })
      .default([]),
    tasks: z.array(oneKind(tasks, 'task')).meta({ description: 'In order; each entry is one kind.' }).default([]),
    preconditions: z
      .array(oneKind(checks, 'check'))
      .meta({
        description:
          'What must hold before anything on a host is touched, asked once; where it does not, the host is left as it is. `rollback` never asks.',
      })
      .default([]),
    health: z.array(oneKind(checks, 'check')).meta({ description: 'What must hold for a deploy to stay.' }).default([]),
    defaultChecks: defaultChecksSchema
      .meta({
        description:
          "What `fleet health` asks besides `health`; no deploy does. `false` for nothing, or false by name. The playbook's own check of the same thing takes the place of one.",
        examples: [false, { disk: false, clock: false }],
      })
      .default(true),
    act: actSchema({ tasks, checks })
      .meta({ description: 'What the host does by itself while the app is live; nothing unless it is here.' })
      .optional(),
  });
}
