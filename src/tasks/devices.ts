import { z } from 'zod';
import { EMPTY_TASK_PLAN } from '../model/plan.ts';
import { sh } from '../shell/sh.ts';
import { defineTask } from './define.ts';
import { distinct } from './fields.ts';

/** No character of it means anything to a shell but `*` and `?`. */
const GLOB = /^\/dev\/[A-Za-z0-9._/*?-]+$/;

const glob = z
  .string()
  .regex(GLOB, 'must be a path below /dev/ of letters, digits and "._-/", in which * and ? may stand')
  .refine((path) => !/\/\/|\/$|\/\.{1,2}(\/|$)/.test(path), 'must not contain empty, "." or ".." parts');

const schema = z.strictObject({
  unit: z
    .string()
    .max(255)
    .regex(/^[\w:\\][\w:.\\@-]*\.service$/, 'must be a service or a template of services, such as worker@.service')
    .meta({ description: 'A service or a template, which a units task brings.', examples: ['worker@.service'] }),
  allow: distinct(glob, (path) => path)
    .min(1)
    .meta({
      description: 'Devices that the unit may use, looked for on the host; * and ? do not match "/".',
      examples: [['/dev/nvidia*', '/dev/dri/renderD*']],
    }),
  access: z
    .string()
    .regex(/^(?!$)r?w?m?$/, 'must be some of r, w and m, in this order: read, write, make')
    .meta({ description: 'What it may do with them: read, write, make.', examples: ['rw'] })
    .default('rw'),
});

/** What can stand in DeviceAllow= as it is; no device of Linux is called otherwise. */
const NODE = /^\/dev\/[A-Za-z0-9._/:,+@-]+$/;

const confined = (nodes: readonly string[], access: string) =>
  ['[Service]', 'DevicePolicy=closed', ...nodes.map((node) => `DeviceAllow=${node} ${access}`), ''].join('\n');

const pathOf = (unit: string) => `${unit}.d/50-fleet-devices.conf`;

/** The devices that a service may use: those of the host that match, and the few that every program needs. */
export const devices = defineTask({
  kind: 'devices',
  about: 'Lets a service use those devices that the host has, and no others.',
  schema,
  local: async () => null,

  // Which nodes there are only the host knows; the linter sees the drop-in without them.
  declares: ({ spec: { unit } }) => ({
    units: [{ file: `the devices of ${unit}`, path: pathOf(unit), text: confined([], '') }],
  }),

  // The globs travel as quoted words. A variable outside of quotes is split and globbed and expanded no further.
  probe: ({ allow }) => sh`(
for glob in ${allow}; do
  for node in $glob; do
    if [ -c "$node" ] || [ -b "$node" ]; then printf 'device %s\n' "$node"; fi
  done
done
echo 'devices read'
)`,

  /** Sorted nodes, each once; null when the host could not be asked. */
  parse(stdout) {
    const lines = stdout.split('\n');
    if (!lines.includes('devices read')) return null;
    const found = lines.filter((line) => line.startsWith('device ')).map((line) => line.slice('device '.length));
    return [...new Set(found)].filter((node) => NODE.test(node)).sort();
  },

  plan({ spec: { unit, allow, access } }, found, { runtime }) {
    if (runtime !== 'systemd')
      return {
        ...EMPTY_TASK_PLAN,
        warnings: [`without systemd ${unit} is not confined to some devices: it may use all`],
      };
    if (found === null) return { ...EMPTY_TASK_PLAN, unsupported: [`a look at /dev, for the devices of ${unit}`] };
    return {
      ...EMPTY_TASK_PLAN,
      units: [{ path: pathOf(unit), text: confined(found, access) }],
      warnings: found.length > 0 ? [] : [`the host has no ${allow.join(' or ')}, so ${unit} will see no such device`],
    };
  },
});
