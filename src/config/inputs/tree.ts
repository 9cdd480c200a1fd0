import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { join, posix } from 'node:path';
import ignore from 'ignore';
import { SAFE_READ } from '../../local/file.ts';
import { type Digest, digest } from '../../model/ids.ts';
import type { Tree, TreeEntry } from '../../model/plan.ts';
import { InputError } from '../../tasks/define.ts';
import { mapLimited } from '../../util/async.ts';
import { treeFindings } from './tree-findings.ts';

/** Whether an entry is an env file, which no sync carries whatever its patterns say. */
const isEnvFile = (name: string, directory: boolean): boolean =>
  name === '.env' || name.startsWith('.env.') || (!directory && name.startsWith('.env'));

type Keep = (path: string, directory: boolean) => boolean;

/**
 * Walks a folder and hashes every file.
 * @param folder absolute @param shown what to call it in messages
 * @param exclude gitignore patterns @param data folders at the top that belong to the host
 * @param warn receives what travels, or stays, and probably should not
 * @throws InputError for everything that cannot stand in a release
 */
export async function readTree(
  folder: string,
  shown: string,
  exclude: readonly string[],
  data: readonly string[],
  warn: (text: string) => void = () => {},
): Promise<Tree> {
  const root = await realFolder(folder, shown);
  const ignored = ignore({ ignorecase: false, allowRelativePaths: false }).add([...exclude]);
  const left = new Set<string>();
  const keep: Keep = (path, directory) => {
    if (isEnvFile(posix.basename(path), directory) || ignored.ignores(directory ? `${path}/` : path)) return false;
    if (data.includes(path)) left.add(path);
    return !data.includes(path);
  };
  const troubles: InputError[] = [];
  const found: Found[] = [];
  await walk(root, '', shown, keep, found, troubles);
  const read = await mapLimited(found, 16, (entry) => noting(troubles, () => toEntry(root, shown, entry, warn)));
  if (troubles.length > 0) throw together(troubles);
  const entries = read.filter((entry) => entry !== null);
  for (const text of await treeFindings(root, shown, entries, [...left], (folder) => ignored.ignores(`${folder}/`)))
    warn(text);
  const sorted = entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const bytes = sorted.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  return { from: root, entries: sorted, bytes, digest: treeDigest(sorted) };
}

/** Beyond this many, more of the same says nothing new. */
const MOST_TROUBLES = 20;

/** Does a piece of work; what is wrong with it is noted, so that the rest is looked at too. */
async function noting<T>(troubles: InputError[], work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    troubles.push(error);
    return null;
  }
}

function together(troubles: readonly InputError[]): InputError {
  const lines = troubles.map(({ message }) => message).sort();
  const more = lines.length > MOST_TROUBLES ? [`and ${lines.length - MOST_TROUBLES} more`] : [];
  return new InputError([...lines.slice(0, MOST_TROUBLES), ...more].join('\n'));
}

/** Regular files below a folder, sorted; links count as what they lead to. @throws InputError */
export async function listFiles(folder: string, shown: string): Promise<readonly string[]> {
  const root = await realFolder(folder, shown);
  const found: Found[] = [];
  const troubles: InputError[] = [];
  await walk(root, '', shown, () => true, found, troubles);
  if (troubles.length > 0) throw together(troubles);
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
  /** Whether it runs as its owner or group, which no sync carries over. */
  readonly setsId: boolean;
  readonly bytes: number;
};

async function walk(
  root: string,
  at: string,
  shown: string,
  keep: Keep,
  found: Found[],
  troubles: InputError[],
): Promise<void> {
  const names = await noting(troubles, () =>
    unlessUnreadable(`${shown}/${at}`, readdir(join(root, at), { encoding: 'buffer' })),
  );
  const entries = await mapLimited(names ?? [], 16, (bytes) =>
    noting(troubles, async () => {
      const name = bytes.toString('utf8');
      const path = at === '' ? name : `${at}/${name}`;
      if (!Buffer.from(name).equals(bytes)) {
        if (!keep(path, false)) return null;
        throw new InputError(`${shown}/${path}: the name is not UTF-8; exclude or rename it`);
      }
      return { path, info: await unlessUnreadable(`${shown}/${path}`, lstat(join(root, path))) };
    }),
  );
  for (const { path, info } of entries.filter((entry) => entry !== null)) {
    if (!keep(path, info.isDirectory())) continue;
    const rest = { path, executable: (info.mode & 0o111) !== 0, setsId: (info.mode & 0o6000) !== 0, bytes: info.size };
    if (info.isDirectory()) {
      found.push({ ...rest, type: 'directory' });
      await walk(root, path, shown, keep, found, troubles);
    } else if (info.isFile()) found.push({ ...rest, type: 'file' });
    else if (info.isSymbolicLink()) found.push({ ...rest, type: 'symlink' });
    else troubles.push(new InputError(`${shown}/${path} is a socket, pipe or device; exclude it`));
  }
}

async function toEntry(
  root: string,
  shown: string,
  { path, type, executable, setsId, bytes }: Found,
  warn: (text: string) => void,
): Promise<TreeEntry> {
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
  if (setsId) warn(`${shown}/${path} is setuid or setgid here, and is not on the hosts: their files belong to root`);
  const { size, hex, head } = await unlessUnreadable(`${shown}/${path}`, hashFile(absolute, bytes));
  if (/^#![^\n]*\r\n/.test(head)) {
    warn(`${shown}/${path}: the #! line ends with CRLF, so no host finds its interpreter: save it with LF line ends`);
  }
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

/** Of a large file this much is held in memory. */
const PIECE = 1024 * 1024;

/** As much of a file as its first line may take. */
const LINE = 256;

/** Stops where a file that is written to all the time would have no end, and waits for nobody. */
async function hashFile(path: string, expected: number): Promise<{ size: number; hex: string; head: string }> {
  await using file = await open(path, SAFE_READ | constants.O_NOFOLLOW);
  const hash = createHash('sha256');
  const piece = Buffer.alloc(Math.min(expected + 1, PIECE));
  let head = '';
  for (let size = 0; ; ) {
    const { bytesRead } = await file.read(piece);
    if (bytesRead === 0) return { size, hex: hash.digest('hex'), head };
    if (size === 0) head = piece.toString('latin1', 0, Math.min(bytesRead, LINE));
    size += bytesRead;
    if (size > expected) throw Object.assign(new Error('grew while it was read'), { code: 'GREW' });
    hash.update(piece.subarray(0, bytesRead));
  }
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
