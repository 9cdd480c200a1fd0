import { z } from 'zod';
import type { HostName } from '../../model/ids.ts';
import type { Window } from '../../model/window.ts';
import { appNameSchema, groupNameSchema } from './names.ts';

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day such as "02:30"');

function isZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return true;
  } catch {
    return false;
  }
}

/** Hours in which `fleet health --cron` says nothing of some hosts. */
export const maintenanceSchema = z.array(
  z.strictObject({
    hosts: z
      .array(groupNameSchema)
      .min(1)
      .meta({ description: 'Host and group names; all hosts unless told.', examples: [['vps']] })
      .optional(),
    apps: z
      .array(appNameSchema)
      .min(1)
      .meta({ description: 'Only these apps; without it also the hosts themselves.', examples: [['jarvis']] })
      .optional(),
    days: z
      .array(z.enum(DAYS))
      .min(1)
      .meta({ description: 'Days on which it begins; every day unless told.', examples: [['sun']] })
      .optional(),
    from: time.meta({ description: 'When it begins, by the clock of the zone.', examples: ['23:30'] }),
    to: time.meta({ description: 'When it ends; no later than from: on the next day.', examples: ['01:00'] }),
    zone: z
      .string()
      .refine(isZone, 'must be a time zone by its IANA name, such as Europe/Berlin or UTC')
      .meta({ description: 'Time zone, by its IANA name.', examples: ['Europe/Berlin'] }),
  }),
);

export type Maintenance = z.output<typeof maintenanceSchema>[number];

const minutes = (text: string) => Number(text.slice(0, 2)) * 60 + Number(text.slice(3));

type Host = { readonly name: HostName; readonly groups: readonly string[] };
type Named = { readonly maintenance: readonly Maintenance[]; readonly hosts: ReadonlyMap<HostName, Host> };

/** Windows with the hosts of their groups. One for groups that have none is for nobody. */
export const windowsOf = ({ maintenance, hosts }: Named): readonly Window[] =>
  maintenance.flatMap(({ hosts: names, apps = [], days = [], from, to, zone }) => {
    const named = [...hosts.values()].filter((host) => names !== undefined && isNamed(host, names));
    if (names !== undefined && named.length === 0) return [];
    return [
      {
        ...{ hosts: named.map(({ name }) => name), apps, days: days.map((day) => DAYS.indexOf(day)) },
        ...{ from: minutes(from), to: minutes(to), zone },
      },
    ];
  });

const isNamed = (host: Host, names: readonly string[]) =>
  names.includes(host.name) || host.groups.some((group) => names.includes(group));
