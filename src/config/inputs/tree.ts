import { createHash } from 'node:crypto';
import { type BigIntStats, lstatSync, readdirSync } from 'node:fs';
import { lstat, readdir, readlink, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import ignore from 'ignore';
import { type Digest, digest } from '../../model/ids.ts';
import type { Tree, TreeEntry } from '../../model/plan.ts';
import { InputError } from '../../tasks/define.ts';
import { mapLimited } from '../../util/async.ts';
import { type DigestCache, type Digests, type Hashed, type IsLocal, localDevices, openDigests } from './digests.ts';
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
 * @param cache null: every file is read
 * @throws InputError for everything that cannot stand in a release
 */
export async function readTree(
  folder: string,
  shown: string,
  exclude: readonly string[],
  data: readonly string[],
  warn: (text: string) => void = () => {},
  cache: DigestCache | null = null,
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
  const isLocal = localDevices();
  // A cache in the tree would change it.
  const apart = cache !== null && !isWithin(root, await realOf(cache.folder)) ? cache : null;
  const digests = await openDigests(apart, [root, exclude, data], isLocal);
  await walk({ root, shown, keep, isLocal, known: digests.known, found, troubles }, '');
  const read = await mapLimited(found, 16, (entry, i) =>
    noting(troubles, async () => {
      // So that Ctrl-C is heard between files that are read without a pause.
      if (i % 256 === 255) await setImmediate();
      return toEntry(root, shown, entry, digests, warn);
    }),
  );
  await digests.keep();
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
  await walk({ root, shown, keep: () => true, isLocal: localDevices(), known: () => null, found, troubles }, '');
  if (troubles.length > 0) throw together(troubles);
  const files = await mapLimited(found, 16, async ({ path, type }) => {
    if (type === 'symlink') return (await stat(join(root, path)).catch(() => null))?.isFile() ? path : null;
    return type === 'file' ? path : null;
  });
  return files.filter((path) => path !== null).sort();
}

/** Also of what is not there yet. */
const realOf = (path: string): Promise<string> =>
  realpath(path).catch(async () => (path === '/' ? path : join(await realOf(dirname(path)), basename(path))));

const isWithin = (folder: string, path: string): boolean => `${path}/`.startsWith(`${folder.replace(/\/$/, '')}/`);

async function realFolder(folder: string, shown: string): Promise<string> {
  const info = await stat(folder).catch((error: NodeJS.ErrnoException) => {
    throw new InputError(
      error.code === 'ENOENT' ? `the folder ${shown} does not exist` : `the folder ${shown}: ${error.message}`,
    );
  });
  if (!info.isDirectory()) throw new InputError(`${shown} is not a folder`);
  return realpath(folder);
}

type Found =
  | { readonly type: 'directory'; readonly path: string }
  | { readonly type: 'symlink'; readonly path: string }
  | {
      readonly type: 'file';
      readonly path: string;
      readonly size: number;
      readonly executable: boolean;
      /** Whether it runs as its owner or group, which no sync carries over. */
      readonly setsId: boolean;
      readonly local: boolean;
      readonly known: Hashed | null;
    };

type Walk = {
  readonly root: string;
  readonly shown: string;
  readonly keep: Keep;
  readonly isLocal: IsLocal;
  readonly known: Digests['known'];
  readonly found: Found[];
  readonly troubles: InputError[];
};

async function walk(all: Walk, at: string): Promise<void> {
  const { root, shown, keep, isLocal, known, found, troubles } = all;
  const folder = join(root, at);
  const list = async () => {
    const local = await isLocal((await lstat(folder, { bigint: true })).dev, folder);
    const names = { encoding: 'buffer', withFileTypes: true } as const;
    return { local, names: local ? readdirSync(folder, names) : await readdir(folder, names) };
  };
  const listed = await noting(troubles, () => unlessUnreadable(`${shown}/${at}`, list()));
  if (listed === null) return;
  // The quick way cannot be interrupted, so it is not for servers, which may not answer.
  const look = (path: string): BigIntStats | Promise<BigIntStats> =>
    listed.local
      ? lookNow(`${shown}/${path}`, `${root}/${path}`)
      : unlessUnreadable(`${shown}/${path}`, lstat(`${root}/${path}`, { bigint: true }));
  const entries = await mapLimited(listed.names, 16, (entry) =>
    noting(troubles, async (): Promise<Found | null> => {
      const name = entry.name.toString('utf8');
      const path = at === '' ? name : `${at}/${name}`;
      if (!keep(path, entry.isDirectory())) return null;
      if (!Buffer.from(name).equals(entry.name)) {
        throw new InputError(`${shown}/${path}: the name is not UTF-8; exclude or rename it`);
      }
      if (entry.isDirectory()) return { type: 'directory', path };
      if (entry.isSymbolicLink()) return { type: 'symlink', path };
      if (!entry.isFile()) throw new InputError(`${shown}/${path} is a socket, pipe or device; exclude it`);
      const info = await look(path);
      const mode = Number(info.mode);
      const bits = { executable: (mode & 0o111) !== 0, setsId: (mode & 0o6000) !== 0 };
      return { type: 'file', path, size: Number(info.size), ...bits, local: listed.local, known: known(info) };
    }),
  );
  for (const entry of entries) {
    if (entry === null) continue;
    found.push(entry);
    if (entry.type === 'directory') await walk(all, entry.path);
  }
}

async function toEntry(
  root: string,
  shown: string,
  entry: Found,
  digests: Digests,
  warn: (text: string) => void,
): Promise<TreeEntry> {
  if (entry.type === 'directory') return entry;
  const { path } = entry;
  const absolute = `${root}/${path}`;
  if (entry.type === 'symlink') {
    const target = await unlessUnreadable(`${shown}/${path}`, readlink(absolute));
    if (!staysInside(path, target)) {
      throw new InputError(
        `${shown}/${path} is a link to ${target}, outside the folder; exclude it or copy what it leads to`,
      );
    }
    return { type: 'symlink', path, target };
  }
  const { executable, setsId, local, known } = entry;
  if (setsId) warn(`${shown}/${path} is setuid or setgid here, and is not on the hosts: their files belong to root`);
  const { size, digest, crlf } =
    known ?? (await unlessUnreadable(`${shown}/${path}`, digests.hash(absolute, entry.size, local)));
  if (crlf) {
    warn(`${shown}/${path}: the #! line ends with CRLF, so no host finds its interpreter: save it with LF line ends`);
  }
  return { type: 'file', path, executable, size, digest };
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
    throw unreadable(shown, error as NodeJS.ErrnoException);
  }
}

function lookNow(shown: string, path: string): BigIntStats {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    throw unreadable(shown, error as NodeJS.ErrnoException);
  }
}

function unreadable(shown: string, error: NodeJS.ErrnoException): Error {
  const { code, message } = error;
  if (code === undefined) return error;
  const why =
    code === 'ENOENT'
      ? 'went away while it was read'
      : code === 'EACCES'
        ? 'cannot be read: permission denied'
        : message;
  return new InputError(`${shown} ${why}`);
}
