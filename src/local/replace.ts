import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { access, open, realpath, rename, stat, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Where a file may be put in the place of what a path leads to: links are followed. What is there and is no file stays, as a
 * rename would take away a device for good.
 * @throws an Error whose message is a predicate, and what the system says
 */
export async function replaceable(path: string): Promise<string> {
  const folder = await realpath(dirname(path));
  const real = await realpath(path).catch(() => join(folder, basename(path)));
  const info = await stat(real).catch(() => null);
  if (info !== null && !info.isFile()) throw new Error('is there, and is no regular file');
  await access(dirname(real), constants.W_OK | constants.X_OK);
  return real;
}

export type DiskStep = 'make' | 'write' | 'sync' | 'rename' | 'sync folder' | 'sweep';
export type Reach = (step: DiskStep) => void;

/** How files under way to another's place begin, in its folder. */
export const underWay = (real: string): string => `.${basename(real)}.`;

/**
 * Puts a file in the place of another: readers see the old one or the new one, whole.
 * @param real of `replaceable` @param reach is told of each step before it is taken
 */
export async function replaceFile(real: string, text: string, mode: number, reach: Reach = () => {}): Promise<void> {
  const made = join(dirname(real), `${underWay(real)}${randomBytes(6).toString('hex')}`);
  try {
    reach('make');
    {
      await using file = await open(made, 'wx', mode);
      // Whatever the umask says.
      await file.chmod(mode);
      reach('write');
      await file.writeFile(text);
      reach('sync');
      await file.sync();
    }
    reach('rename');
    await rename(made, real);
  } catch (error) {
    await unlink(made).catch(() => {});
    throw error;
  }
}
