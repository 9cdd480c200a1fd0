import type { Neighbour } from '../../host/facts.ts';
import type { RuntimeName } from '../../model/facts.ts';
import type { Layout } from '../../model/layout.ts';
import type { TaskPlan } from '../../model/plan.ts';
import { templateOf, unitOfFile } from '../../unit/syntax/name.ts';

type Taken = { readonly what: string; readonly fix: string };

/** What a plan would take from the other apps of its host: refused, or said. */
export type Intrusions = { readonly refused: readonly Taken[]; readonly warnings: readonly string[] };

/** Pure: what is wanted against what the other apps of the host have. */
export function intrusions(
  layout: Layout,
  wanted: Pick<TaskPlan, 'units' | 'enable' | 'files'>,
  runtime: RuntimeName,
  neighbours: readonly Neighbour[],
): Intrusions {
  const units = neighbours.flatMap((other) => unitsOf(wanted, other));
  const systemd = runtime === 'systemd';
  return {
    refused: [
      ...neighbours.flatMap((other) => rootOf(layout, other)),
      // Without systemd each app has its units for itself.
      ...(systemd ? units : []),
      ...neighbours.flatMap((other) => filesOf(wanted.files, other)),
    ],
    warnings: [
      ...(systemd ? [] : units.map(({ what }) => `${what}: with systemd one of the two would have to be renamed`)),
      ...neighbours.flatMap(({ app, user }) => (user !== null && user === layout.user ? [oneAccount(user, app)] : [])),
    ],
  };
}

const oneAccount = (user: string, app: string) =>
  `the account ${user} is also that of the app ${app} on this host: each of the two can change the other's data, read ` +
  'its secrets and end its processes; give each an account of its own (user:)';

const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

function rootOf({ app, root }: Layout, other: Neighbour): Taken[] {
  const whose = `the app ${other.app} (generation ${other.active} is live)`;
  if (root === other.root)
    return [
      {
        what: `the root ${root} is that of ${whose}`,
        fix:
          `To rename ${other.app} to ${app}, take it off the host under its old name first: with name: ${other.app} in ` +
          'the playbook run `fleet rollback --full --keep-data`, which leaves data, .env and account; then deploy as ' +
          `${app}. For an app of its own choose another root.`,
      },
    ];
  const fix = 'Choose a root outside of it.';
  if (isBelow(root, other.root)) return [{ what: `the root ${root} lies in ${other.root} of ${whose}`, fix }];
  if (isBelow(other.root, root)) return [{ what: `in the root ${root} lies ${other.root} of ${whose}`, fix }];
  return [];
}

function filesOf(files: TaskPlan['files'], { app, root, files: theirs }: Neighbour): Taken[] {
  const fix = 'Choose another path for the file.';
  return files.flatMap(({ path }) => {
    if (theirs.includes(path)) return [{ what: `the file ${path} is that of the app ${app}`, fix }];
    return isBelow(path, root) ? [{ what: `the file ${path} lies in ${root} of the app ${app}`, fix }] : [];
  });
}

function unitsOf({ units, enable }: Pick<TaskPlan, 'units' | 'enable'>, { app, units: theirs }: Neighbour): Taken[] {
  const known = theirs.filter((path) => !path.includes('/'));
  const owned = (name: string) =>
    known.find((unit) => unit === name || unit === templateOf(name) || templateOf(unit) === name);
  const rename = `Give the unit another name here, or take ${app} off the host first (\`fleet rollback --full --keep-data\`).`;
  const own = new Set(units.map(({ path }) => path));
  return [
    ...units.flatMap(({ path }) => {
      const unit = owned(unitOfFile(path));
      if (unit === path) return [{ what: `the unit ${unit} is that of the app ${app}`, fix: rename }];
      if (unit !== undefined) return [{ what: `${path} would change the unit ${unit} of the app ${app}`, fix: rename }];
      if (!theirs.includes(path)) return [];
      return [{ what: `the drop-in ${path} is that of the app ${app}`, fix: 'Give the drop-in another name here.' }];
    }),
    ...enable.flatMap((name) => {
      const unit = owned(name);
      if (unit === undefined || own.has(name) || own.has(templateOf(name) ?? '')) return [];
      return [{ what: `enable names ${name}, a unit of the app ${app}`, fix: `Leave ${name} to ${app}.` }];
    }),
  ];
}
