import { constants, type Stats } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

/** A path that leads to something which cannot be read as a file; the message is a predicate: `is a named pipe …`. */
export class NotAFile extends Error {}

const MB = 1024 * 1024;
/** For what people write: playbooks, inventories, env files, keys, lists of keys. */
const MOST = 16 * MB;

/** Never waits for somebody to open the other end, and never makes a terminal ours. */
export const SAFE_READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads a file of the operator's machine: the only way to do it, since a path may lead to a pipe that nobody writes to, or
 * to something without an end. The null device is an empty file, as it is meant where it is named.
 * @throws NotAFile, and what the system says
 */
export async function readLocal(path: string, most: number = MOST): Promise<Buffer> {
  const info = await stat(path);
  if (await isNull(info)) return Buffer.alloc(0);
  refuse(info, most);
  await using file = await open(path, SAFE_READ);
  // Another one may stand there by now.
  const opened = await file.stat();
  refuse(opened, most);
  return await readUpTo(file, opened.size, most);
}

export const readLocalText = async (path: string, most?: number): Promise<string> =>
  (await readLocal(path, most)).toString('utf8');

function refuse(info: Stats, most: number): void {
  const kind = kindOf(info);
  if (kind !== null) throw new NotAFile(`is ${kind}; put what it holds into a regular file`);
  if (info.size > most) throw tooLarge(most);
}

function kindOf(info: Stats): string | null {
  if (info.isFile()) return null;
  if (info.isDirectory()) return 'a folder, not a file';
  if (info.isFIFO()) return 'a named pipe, not a file';
  if (info.isSocket()) return 'a socket, not a file';
  return 'a device, not a file';
}

const tooLarge = (most: number) =>
  new NotAFile(`is larger than ${most / MB} MB, which no file of this kind is; make it smaller`);

async function isNull(info: Stats): Promise<boolean> {
  return info.isCharacterDevice() && (await stat('/dev/null')).rdev === info.rdev;
}

/** The size is a guess: a file may grow, and those of /proc have none. */
export async function readUpTo(file: FileHandle, expected: number, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for (;;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size === 0 ? expected + 1 : 64 * 1024));
    if (bytesRead === 0) return Buffer.concat(chunks);
    size += bytesRead;
    if (size > most) throw tooLarge(most);
    chunks.push(buffer.subarray(0, bytesRead));
  }
}
