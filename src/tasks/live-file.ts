import type { LiveFile, TaskPlan } from '../model/plan.ts';
import type { Layout } from '../model/target.ts';
import type { PlanContext } from '../model/task.ts';
import { octal, showMode } from './fields.ts';

/** A file outside of the release as a playbook asks for it. */
export type WantedFile = {
  readonly to: string;
  readonly content: string;
  readonly mode: string;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly reader: LiveFile['reader'];
};

/** Why a file outside the release may not be put at a path: it belongs to another part of fleet. */
export function foreign(path: string, { root }: Layout): string | null {
  const below = (folder: string) => path === folder || path.startsWith(`${folder}/`);
  if (below(`${root}/releases`) || below(`${root}/current`)) return 'name it relative to the release';
  if (path === `${root}/.env`) return 'it is written by the `env` task';
  if (below('/etc/systemd/system')) return 'units and drop-ins are installed by the `units` task';
  if (below('/var/lib/fleet') || below(`${root}/.fleet`)) return 'the records of fleet are there';
  return null;
}

/** A warning about a file that more than its owner may write, or none. */
export const openMode = ({ to, mode }: { readonly to: string; readonly mode: string }): readonly string[] =>
  (octal(mode) & 0o022) === 0 ? [] : [`${to} (${showMode(octal(mode))}) can be changed by others than its owner`];

/**
 * Files outside of the release as activation installs them. Without root only the login's own are possible, below root.
 * @param ownGroup the login's own group, which the facts do not tell
 */
export function liveFiles(
  wanted: readonly WantedFile[],
  ownGroup: string,
  { host, layout }: PlanContext,
): Pick<TaskPlan, 'files' | 'unsupported'> {
  const root = host.uid === 0;
  const forbidden = wanted.filter(
    ({ to, owner = host.user, group = ownGroup }) =>
      !to.startsWith(`${layout.root}/`) || owner !== host.user || group !== ownGroup,
  );
  return {
    files: wanted.map(({ to, content, mode, owner, group, reader }) => ({
      path: to,
      content,
      mode: octal(mode),
      owner: owner ?? (root ? 'root' : host.user),
      group: group ?? (root ? 'root' : ownGroup),
      reader,
    })),
    unsupported: root ? [] : forbidden.map(({ to }) => `root, to install ${to}`),
  };
}
