import type { Layout } from '../model/layout.ts';
import type { LiveFile, TaskPlan } from '../model/plan.ts';
import type { PlanContext } from '../model/task.ts';
import { Script, sh } from '../shell/sh.ts';
import { octal, showMode } from './fields.ts';
import { type Place, parsePlaces, placeFor, probePlace } from './place.ts';

/** A file outside of the release as a playbook asks for it. */
export type WantedFile = {
  readonly to: string;
  readonly content: LiveFile['content'];
  readonly mode: string;
  readonly owner?: string | undefined;
  readonly group?: string | undefined;
  readonly notify: LiveFile['notify'];
  readonly of?: string;
};

/** Why a file outside the release may not be put at a path: it belongs to another part of fleet. */
export function reservedPath(path: string, { root }: Layout): string | null {
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

/** What the host tells of where files are to stand. */
export type FileFacts = {
  /** The login's own group: without root a file gets that. */
  readonly ownGroup: string;
  /** In the order of the paths that were asked for. */
  readonly places: readonly (Place | undefined)[];
  /** Numbers of those where a link, a folder or something else stands already. */
  readonly taken: ReadonlySet<number>;
};

export const probeFiles = (paths: readonly string[]): Script =>
  Script.join([sh`echo "group $(id -gn)"`, ...paths.map((path, i) => probePlace(i, path))], '\n');

export const parseFiles = (stdout: string): FileFacts => ({
  ownGroup: /^group (.*)$/m.exec(stdout)?.[1] ?? '',
  places: parsePlaces(stdout),
  taken: new Set([...stdout.matchAll(/^taken (\d+)$/gm)].map(([, item]) => Number(item))),
});

/**
 * Files outside of the release as activation installs them. Without root only the login's own are possible, below root.
 * A file below a folder of an account is that account's, which could replace any other there.
 */
export function liveFiles(
  wanted: readonly WantedFile[],
  { ownGroup, places, taken }: FileFacts,
  { host, layout }: PlanContext,
): Pick<TaskPlan, 'files' | 'unsupported'> {
  const root = host.uid === 0;
  const forbidden = wanted.filter(
    ({ to, owner = host.user, group = ownGroup }) =>
      !to.startsWith(`${layout.root}/`) || owner !== host.user || group !== ownGroup,
  );
  const ownerAt = (i: number): string => {
    const place = places[i];
    return place?.keeper === 'account' ? place.account : 'root';
  };
  const misplaced = wanted.flatMap(({ to, owner }, i) => {
    if (taken.has(i)) return [`a file at ${to}, where a link or something else stands`];
    const needs = placeFor(to, owner ?? ownerAt(i), places[i]);
    return needs === null ? [] : [needs];
  });
  return {
    files: wanted.map(({ to, content, mode, owner, group, notify, of }, i) => ({
      path: to,
      content,
      mode: octal(mode),
      owner: owner ?? (root ? ownerAt(i) : host.user),
      group: group ?? (root ? 'root' : ownGroup),
      notify,
      ...(of === undefined ? {} : { of }),
    })),
    unsupported: root ? misplaced : forbidden.map(({ to }) => `root, to install ${to}`),
  };
}
