import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import ignore from 'ignore';
import { type Digest, digest } from '../model/ids.ts';
import type { Tree, TreeEntry } from '../model/plan.ts';
import { InputError } from '../tasks/define.ts';
import { mapLimited } from './pool.ts';

/** Whether an entry is an env file, which no sync carries whatever its patterns say. */
const isEnvFile = (name: string, directory: boolean): boolean =>
  name === '.env' || name.startsWith('.env.') || (!directory && name.startsWith('.env'));

type Keep = (path: string, directory: boolean) => boolean;

/**
 * Walks a folder and hashes every file.
 * @param folder absolute @param shown what to call it in messages
 * @param exclude gitignore patterns @param data folders at the top that belong to the host
 * @throws InputError for what cannot stand in a release
 */
export async function readTree(
  folder: string,
  shown: string,
  exclude: readonly string[],
  data: readonly string[],
): Promise<Tree> {
  const root = await realFolder(folder, shown);
  const ignored = ignore({ ignorecase: false, allowRelativePaths: false }).add([...exclude]);
  const keep: Keep = (path, directory) =>
    !isEnvFile(posix.basename(path), directory) &&
    !data.includes(path) &&
    !ignored.ignores(directory ? `${path}/` : path);
  const found: Found[] = [];
  await walk(root, '', shown, keep, found);
  const entries = await mapLimited(found, 16, (entry) => toEntry(root, shown, entry));
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const bytes = sorted.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  return { from: root, entries: sorted, bytes, digest: treeDigest(sorted) };
}

/** Regular files below a folder, sorted; links count as what they lead to. @throws InputError */
export async function listFiles(folder: string, shown: string): Promise<readonly string[]> {
  const root = await realFolder(folder, shown);
  const found: Found[] = [];
  await walk(root, '', shown, () => true, found);
  const files = await mapLimited(found, 16, async ({ path, type }) => {
    if (type === 'symlink') return (await stat(join(root, path)).catch(() => null))?.isFile() ? path : null;
    return type === 'file' ? path : null;
  });
  return files.filter((path) => path !== null).sort();
}

async function realFolder(folder: string, shown: string): Promise<string> {
  const info = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      error.code === 'ENOENT' ? `the folder ${shown} does not exist` : `the folder ${shown}: ${error.message}`,
    );
  });
  if (!info.isDirectory()) throw new InputError(`${shown} is not a folder`);
  return realpath(folder);
}

type Found = {
  readonly path: string;
  readonly type: 'directory' | 'file' | 'symlink';
  readonly executable: boolean;
  readonly bytes: number;
};

async function walk(root: string, at: string, shown: string, keep: Keep, found: Found[]): Promise<void> {
  const names = await unlessUnreadable(`${shown}/${at}`, readdir(join(root, at), { encoding: 'buffer' }));
  const entries = await mapLimited(names, 16, async (bytes) => {
    const name = bytes.toString('utf8');
    const path = at === '' ? name : `${at}/${name}`;
    if (!Buffer.from(name).equals(bytes)) {
      if (!keep(path, false)) return null;
      throw new InputError(`${shown}/${path}: the name is not UTF-8; exclude or rename it`);
    }
    return { path, info: await unlessUnreadable(`${shown}/${path}`, lstat(join(root, path))) };
  });
  for (const { path, info } of entries.filter((entry) => entry !== null)) {
    if (!keep(path, info.isDirectory())) continue;
    const rest = { path, executable: (info.mode & 0o111) !== 0, bytes: info.size };
    if (info.isDirectory()) {
      found.push({ ...rest, type: 'directory' });
      await walk(root, path, shown, keep, found);
    } else if (info.isFile()) found.push({ ...rest, type: 'file' });
    else if (info.isSymbolicLink()) found.push({ ...rest, type: 'symlink' });
    else throw new InputError(`${shown}/${path} is a socket, pipe or device; exclude it`);
  }
}

async function toEntry(root: string, shown: string, { path, type, executable, bytes }: Found): Promise<TreeEntry> {
  if (type === 'directory') return { type, path };
  const absolute = join(root, path);
  if (type === 'symlink') {
    const target = await readlink(absolute);
    if (!staysInside(path, target)) {
      throw new InputError(
        `${shown}/${path} is a link to ${target}, outside the folder; exclude it or copy what it leads to`,
      );
    }
    return { type, path, target };
  }
  const { size, hex } = await unlessUnreadable(`${shown}/${path}`, hashFile(absolute, bytes));
  return { type, path, executable, size, digest: digest(hex) };
}

/**
 * Whether a link can only lead to something in the tree. Going up is counted from the link's own folder, which is a
 * real one; going up again after going down could pass through another link, so that is refused too.
 */
function staysInside(path: string, target: string): boolean {
  if (posix.isAbsolute(target)) return false;
  const parts = target.split('/').filter((part) => part !== '' && part !== '.');
  const ups = parts.findIndex((part) => part !== '..');
  const leading = ups === -1 ? parts.length : ups;
  return leading < path.split('/').length && !parts.slice(leading).includes('..');
}

/** Beyond this a file is not held in memory; below it one read is several times faster than a stream. */
const SMALL = 1024 * 1024;

async function hashFile(path: string, expected: number): Promise<{ size: number; hex: string }> {
  const hash = createHash('sha256');
  if (expected <= SMALL) {
    const bytes = await readFile(path);
    return { size: bytes.length, hex: hash.update(bytes).digest('hex') };
  }
  let size = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, hex: hash.digest('hex') };
}

/** From path, type, executable bit and content: times and owners do not count. */
function treeDigest(entries: readonly TreeEntry[]): Digest {
  const hash = createHash('sha256');
  for (const entry of entries) {
    const rest =
      entry.type === 'file' ? [entry.executable, entry.digest] : entry.type === 'symlink' ? [entry.target] : [];
    hash.update(`${JSON.stringify([entry.type, entry.path, ...rest])}\n`);
  }
  return digest(hash.digest('hex'));
}

async function unlessUnreadable<T>(shown: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const why =
      code === 'ENOENT'
        ? 'went away while it was read'
        : code === 'EACCES'
          ? 'cannot be read: permission denied'
          : message;
    throw new InputError(`${shown} ${why}`);
  }
}
