import { createHash, randomBytes } from 'node:crypto';
import { constants, type Stats } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { readUpTo, SAFE_READ } from './file.ts';

// What can be made again at any time, and so is never worth an error: what cannot be read, is broken or could be somebody
// else's work is not there; what cannot be written is not kept.

/** Where it lies, by the XDG Base Directory Specification: a relative path there counts as none. */
export const cacheFolder = ({ XDG_CACHE_HOME = '' }: Readonly<Record<string, string | undefined>>, home: string) =>
  join(isAbsolute(XDG_CACHE_HOME) ? XDG_CACHE_HOME : join(home, '.cache'), 'fleet');

const MB = 1024 * 1024;
const MOST = 64 * MB;
const MOST_TOGETHER = 256 * MB;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Nobody has asked for it in that time: what it is about is gone, or no longer looked at. */
const UNUSED_MS = 30 * DAY_MS;

/** What another program of our name keeps there is not swept. The second ending is that of a file under way. */
const OURS = /^[a-z]+-\d+-[0-9a-f]{64}(\.[0-9a-f]{12})?$/;

/** A name whose kind says what it holds and which version of that; another version is another file. */
export const cacheName = (kind: `${string}-${number}`, about: unknown): string =>
  `${kind}-${sha256(JSON.stringify(about))}`;

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

/** What was kept under a name by us, whole; null otherwise. */
export const readCached = async (folder: string, name: string): Promise<string | null> =>
  (await readCachedBytes(folder, name))?.toString('utf8') ?? null;

export async function readCachedBytes(folder: string, name: string): Promise<Buffer | null> {
  try {
    if (!isOurs(await lstat(folder))) return null;
    await using file = await open(join(folder, name), SAFE_READ | constants.O_NOFOLLOW);
    const info = await file.stat();
    if (!info.isFile() || !isOurs(info)) return null;
    const bytes = await readUpTo(file, info.size, MOST);
    const end = bytes.indexOf('\n');
    const body = bytes.subarray(end + 1);
    if (bytes.toString('latin1', 0, end) !== sha256(body)) return null;
    if (Date.now() - info.mtimeMs > DAY_MS) await file.utimes(new Date(), new Date()).catch(() => {});
    return body;
  } catch {
    return null;
  }
}

/** Keeps it for our own user alone, by a rename: of two runs at once the later one's stays, whole. */
export async function writeCached(folder: string, name: string, what: string | Buffer): Promise<void> {
  const body = Buffer.from(what);
  const temporary = join(folder, `${name}.${randomBytes(6).toString('hex')}`);
  try {
    if (body.length + 65 > MOST || !(await makeFolder(folder))) return;
    await writeFile(temporary, [`${sha256(body)}\n`, body], { flag: 'wx', mode: 0o600 });
    await rename(temporary, join(folder, name));
    await sweep(folder);
  } catch {
    await rm(temporary, { force: true }).catch(() => {});
  }
}

/** Nobody else could have written it; a link is nobody's. Root counts as somebody else, as in somebody's home under sudo. */
const isOurs = ({ uid, mode }: Stats): boolean => uid === process.geteuid?.() && (mode & 0o022) === 0;

/** In a folder of our own only: under sudo, `~/.cache` of somebody else must not become root's. */
async function makeFolder(folder: string): Promise<boolean> {
  for (const one of [dirname(folder), folder]) {
    if ((await lstat(one).catch(() => null)) !== null) continue;
    if ((await stat(dirname(one))).uid !== process.geteuid?.()) return false;
    // Another run may make it at the same time.
    await mkdir(one, { recursive: true, mode: 0o700 });
  }
  return isOurs(await lstat(folder));
}

/** Drops what nobody has asked for in a long time, what a killed run left, and the oldest of what is too much together. */
async function sweep(folder: string): Promise<void> {
  const names = (await readdir(folder)).filter((name) => OURS.test(name));
  const files = await Promise.all(
    names.map(async (name) => ({ name, info: await lstat(join(folder, name)).catch(() => null) })),
  );
  let together = 0;
  for (const { name, info } of files.sort((a, b) => (b.info?.mtimeMs ?? 0) - (a.info?.mtimeMs ?? 0))) {
    if (info === null) continue;
    together += info.size;
    const longest = name.includes('.') ? HOUR_MS : UNUSED_MS;
    if (Date.now() - info.mtimeMs > longest || together > MOST_TOGETHER) await rm(join(folder, name), { force: true });
  }
}
