/** As whom a service runs. */
export type ServiceAccount = {
  readonly unit: string;
  /** Name or number; null for one that systemd makes up for each start (DynamicUser=). */
  readonly user: string | null;
  /** Null for the user's own. */
  readonly group: string | null;
  readonly supplementary: readonly string[];
};

/** Where services keep what outlives a generation. */
export type DataFolder = {
  readonly path: string;
  /**
   * What of it counts when they change their account: of a folder that is given to its new owner anyway only what is
   * `inside`, and nothing of one that is `given` with all that is in it, as systemd does; a supervisor gives but the folder.
   */
  readonly look: 'whole' | 'inside' | 'given';
};

/** As the host program reads it (see ownership.sh): `UNIT USER:GROUP,GROUP…`. */
export const accountLine = ({ unit, user, group, supplementary }: ServiceAccount): string =>
  `${unit} ${user ?? '-'}:${[group ?? '-', ...supplementary].join(',')}`;

/** What stands behind the unit in such a line. */
export function parseAccount(word: string): Omit<ServiceAccount, 'unit'> {
  const [user = '-', groups = '-'] = word.split(':');
  const [group = '-', ...supplementary] = groups.split(',');
  return { user: user === '-' ? null : user, group: group === '-' ? null : group, supplementary };
}

/** What a task would change of an account that somebody logs in with, and was not told to. */
export type LoginChange = {
  readonly account: string;
  /** Fleet's own login on this host, or an account with keys that others may log in with. */
  readonly whose: 'fleet' | 'keys';
  readonly changes: readonly { readonly what: 'home' | 'shell'; readonly from: string; readonly to: string }[];
};
