import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { type Reach, replaceFile, underWay } from './replace.ts';

// What must not be lost, unlike what `cache.ts` keeps: where it cannot be read or written somebody has to hear of it.

/** Where it lies, by the XDG Base Directory Specification: a relative path there counts as none. */
export const stateFolder = ({ XDG_STATE_HOME = '' }: Readonly<Record<string, string | undefined>>, home: string) =>
  join(isAbsolute(XDG_STATE_HOME) ? XDG_STATE_HOME : join(home, '.local', 'state'), 'fleet');

/** The part of one project: by its name for people, by its path for us. */
export const projectFolder = (folder: string, dir: string): string => {
  const name = basename(dir)
    .replace(/[^\w.-]/g, '_')
    .slice(0, 40);
  return join(folder, `${name}-${createHash('sha256').update(dir).digest('hex').slice(0, 12)}`);
};

export const makeStateFolder = async (folder: string): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
};

/**
 * Puts a text in a file's place, for our own user alone: whatever happens at whatever moment, the file holds all of the old
 * or all of the new one, and when this has come back the new one outlives a loss of power.
 */
export async function replaceState(file: string, text: string, reach: Reach = () => {}): Promise<void> {
  await replaceFile(file, text, 0o600, reach);
  const folder = dirname(file);
  reach('sync folder');
  await using parent = await open(folder, 'r');
  await parent.sync();
  reach('sweep');
  // Under the same lock nobody else is writing: these are of runs that were killed.
  for (const name of await readdir(folder))
    if (name.startsWith(underWay(file))) await rm(join(folder, name), { force: true });
}

/** Takes a file that is of no use out of the way; only the last such one is kept. @returns where it is */
export async function setAside(file: string): Promise<string> {
  const aside = `${file}.unreadable`;
  await rm(aside, { recursive: true, force: true });
  await rename(file, aside);
  return aside;
}
