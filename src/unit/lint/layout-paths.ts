import { settingsOf } from '../settings/settings.ts';
import type { Assignment } from '../syntax/parse.ts';
import { SYSTEM_SPECIFIERS } from '../syntax/specifiers.ts';
import type { LintedService, Subject } from './subject.ts';

export const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/** Whether a path is there after a deploy: the release, a data folder, `.env`, or a folder of the playbook. */
export function isMade(path: string, { layout, folders }: Subject): boolean {
  const { root, current, data } = layout;
  if (path === root || path === `${root}/.env` || isBelow(path, current)) return true;
  if (data.some((name) => isBelow(path, `${root}/${name}`))) return true;
  return folders.some((folder) => isBelow(path, folder.path));
}

/** Folders that systemd makes for a service before it starts. */
export function ownFolders({ service }: LintedService): readonly string[] {
  const below = (base: string, names: readonly string[]) => names.map((name) => `${base}/${name}`);
  return [
    ...below('/run', service.runtimeDirectory.names),
    ...below('/var/lib', service.stateDirectory.names),
    ...below('/var/cache', service.cacheDirectory.names),
    ...below('/var/log', service.logsDirectory.names),
    ...below('/etc', service.configurationDirectory.names),
  ];
}

export type ListedPath = { readonly path: string; readonly optional: boolean; readonly at: Assignment };

/** The paths of a key that lists them, specifiers resolved. */
export function pathsOf({ unit, all }: LintedService, key: string): readonly ListedPath[] {
  const settings = settingsOf(unit, SYSTEM_SPECIFIERS);
  return all(key).flatMap((at) =>
    at.value.split(/\s+/).map((word) => {
      const [, marks = '', path = ''] = /^["']?([-+]*)(.*?)\/*["']?$/.exec(settings.resolve(word) ?? word) ?? [];
      return { path: path === '' ? '/' : path, optional: marks.includes('-'), at };
    }),
  );
}

/** Who else than root can put files into the folder that a path lies in, in words; null where nobody can, or it is unknown. */
export function writerOf(path: string, { folders, layout }: Subject, service: LintedService): string | null {
  const { root, user, data } = layout;
  const own = service.service.user === '' || service.service.user === 'root' ? user : service.service.user;
  const known = [
    ...folders,
    ...(user === null ? [] : data.map((name) => ({ path: `${root}/${name}`, owner: user, mode: 0o750 }))),
    ...(own === null ? [] : ownFolders(service).map((folder) => ({ path: folder, owner: own, mode: 0o755 }))),
    ...(own === null ? [] : [{ path: `/home/${own}`, owner: own, mode: 0o755 }]),
    ...['/tmp', '/var/tmp', '/dev/shm'].map((folder) => ({ path: folder, owner: 'root', mode: 0o1777 })),
  ].filter((folder) => path.startsWith(`${folder.path}/`));
  const [closest] = known.sort((a, b) => b.path.length - a.path.length);
  if (closest === undefined) return null;
  if (closest.owner !== 'root') return `${closest.path} belongs to ${closest.owner}`;
  return (closest.mode & 0o022) === 0 ? null : `others than root can write to ${closest.path}`;
}
