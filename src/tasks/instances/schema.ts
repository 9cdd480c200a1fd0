import { z } from 'zod';
import { isKey, KEY_RULE } from '../../env/key.ts';
import { kindOf } from '../../unit/directives/directives.ts';
import { parseSize } from '../../unit/values/size.ts';
import { absolutePath, accountName, distinct, fileMode, localPath } from '../fields.ts';

/** [Service] directives whose value an instance may set for itself: resources, and nothing that says what runs. */
export const RESOURCES = [
  ...(['MemoryMax', 'MemoryHigh', 'MemorySwapMax', 'CPUQuota', 'CPUWeight', 'CPUAffinity', 'TasksMax'] as const),
  ...(['IOWeight', 'Nice', 'OOMScoreAdjust', 'RuntimeMaxSec', 'TimeoutStopSec', 'WatchdogSec', 'LimitNOFILE'] as const),
] as const;

export type Resource = (typeof RESOURCES)[number];

const inQuotes = (issue: { readonly input?: unknown }) =>
  typeof issue.input === 'number'
    ? 'must be in quotes, as in "1": without them YAML reads a number, and 001 becomes 1'
    : undefined;

/**
 * `-` may stand in a name: `%i` is the name as it stands, here as in systemd. Only `%I` of a template turns it into `/`,
 * and that is how systemd names instances after paths. A backslash is let through as `systemd-escape` writes it; any
 * other one would make systemd drop each line with `%I`.
 */
const instanceName = z
  .string({ error: inQuotes })
  .regex(/^(?:[A-Za-z0-9:_.-]|\\x[0-9A-Fa-f]{2})+$/, 'must be letters, digits and ":_.-", or \\x2d and the like')
  .refine((name) => !/^\.+$/.test(name), 'must not be dots alone');

const perInstance = (path: z.ZodType<string>) =>
  path.refine((text) => text.includes('%i'), 'must hold %i, which stands for the instance');

const file = z.strictObject({
  from: localPath.meta({ description: 'File on this machine; may hold %i.', examples: ['experiments/%i.json'] }),
  to: perInstance(absolutePath).meta({ description: 'Holds %i.', examples: ['/etc/brain/%i.json'] }),
  mode: fileMode.meta({ description: 'In quotes.', examples: ['0640'] }).default('0644'),
  owner: accountName.meta({ description: 'By default the account whose folder it is in, else root.' }).optional(),
  group: accountName.meta({ description: 'By default root.' }).optional(),
});

const size = z
  .string()
  .refine((text) => (parseSize(text) ?? 0) > 0, 'must be a size such as 512M or 48G')
  .meta({ examples: ['48G'] });
const quota = z
  .string()
  .refine((text) => kindOf('Service', 'CPUQuota')?.takes(text) === true, 'must be a percentage such as 400%')
  .meta({ examples: ['400%'] });

const variable = z.string().refine(isKey, KEY_RULE).optional();
const VARIABLES = Object.fromEntries(RESOURCES.map((name) => [name, variable])) as Record<Resource, typeof variable>;

/** What an `instances` entry may say. */
export const instancesSchema = z
  .strictObject({
    of: z
      .string()
      .regex(/^[\w:\\][\w:.\\-]*@\.service$/, 'must be a template of services such as worker@.service')
      .meta({ description: 'The template, which a units task brings.', examples: ['worker@.service'] }),
    names: distinct(instanceName, (name) => name).meta({
      description: 'Each becomes an enabled unit, in order.',
      examples: [['one', 'two']],
    }),
    settings: perInstance(localPath)
      .meta({
        description:
          'Env file of each instance on this machine. What no directive takes becomes Environment= of the instance, ' +
          'which `systemctl show` prints to everybody: secrets belong in the env task, whose values win.',
        examples: ['experiments/%i.env'],
      })
      .optional(),
    directives: z
      .strictObject(VARIABLES)
      .meta({
        description: 'Directives of the instance, each with the variable of the settings that holds its value.',
        examples: [{ MemoryMax: 'RAM_LIMIT', CPUQuota: 'CPU_QUOTA' }],
      })
      .default({}),
    files: distinct(file, ({ to }) => to)
      .meta({ description: 'Files of each instance outside of the release.' })
      .default([]),
    atMost: z
      .strictObject({
        instances: z.int().min(1).meta({ description: 'How many.' }).optional(),
        MemoryMax: size.meta({ description: 'Their sum.' }).optional(),
        CPUQuota: quota.meta({ description: 'Their sum.' }).optional(),
      })
      .meta({ description: 'What all instances together may come to.' })
      .default({}),
  })
  .check(({ value, issues }) => {
    const { of, names, settings, directives, atMost } = value;
    const refuse = (path: PropertyKey[], message: string) =>
      issues.push({ code: 'custom', input: value, path, message });
    const long = names.findIndex((name) => of.length + name.length > 253);
    if (long !== -1) refuse(['names', long], `must be shorter: systemd takes at most 255 characters with ${of}`);
    if (settings === undefined && Object.keys(directives).length > 0)
      refuse(['directives'], 'must not be there without settings, which hold the values');
    for (const key of ['MemoryMax', 'CPUQuota'] as const)
      if (atMost[key] !== undefined && directives[key] === undefined)
        refuse(['atMost', key], `must not be there unless directives say where each ${key} comes from`);
  });

export type InstancesSpec = z.infer<typeof instancesSchema>;

/** Which variable holds the value of which directive, in an order of its own. */
export const directivesOf = ({ directives }: Pick<InstancesSpec, 'directives'>) =>
  RESOURCES.flatMap((name) => {
    const key = directives[name];
    return key === undefined ? [] : [[name, key] as const];
  });
