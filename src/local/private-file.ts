import { constants, lstatSync, type Stats } from 'node:fs';
import { lstat, open } from 'node:fs/promises';
import { NotAFile, readUpTo, SAFE_READ } from './file.ts';
import { replaceFile } from './replace.ts';

/** A file of our own, as it was read; null where there is none. */
export type Before = { readonly bytes: Buffer; readonly info: Stats } | null;

const MOST = 16 * 1024 * 1024;

/**
 * Reads a file that is to be changed. Stricter than a reading alone: what is put in the place of a link, or of a file of
 * somebody else, would not be the same any more.
 * @throws NotAFile, whose message is a predicate, and what the system says
 */
export async function readPrivate(path: string): Promise<Before> {
  const info = await lstat(path).catch(absent);
  if (info === null) return null;
  if (info.isSymbolicLink()) throw new NotAFile('is a link: name the file that it leads to, and change that');
  if (!info.isFile()) throw new NotAFile('is no regular file');
  if (info.uid !== process.getuid?.()) throw new NotAFile('belongs to another account, which has to change it itself');
  await using file = await open(path, SAFE_READ | constants.O_NOFOLLOW);
  return { bytes: await readUpTo(file, info.size, MOST), info };
}

const absent = (error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return null;
  throw error;
};

/**
 * Puts a text in its place, whole or not at all. Nobody but its owner can read it at any moment; one that is kept from its
 * owner's writing stays so.
 * @throws NotAFile when somebody else has changed it meanwhile, and what the system says
 */
export async function replacePrivate(path: string, text: string, before: Before): Promise<void> {
  const mode = before === null ? 0o600 : before.info.mode & 0o600;
  await replaceFile(path, text, mode, (step) => {
    if (step !== 'rename') return;
    const now = lstatSync(path, { throwIfNoEntry: false });
    const same = (['ino', 'size', 'mtimeMs', 'ctimeMs'] as const).every((key) => now?.[key] === before?.info[key]);
    if (!same) throw new NotAFile('was changed by somebody else at the same time');
  });
}
