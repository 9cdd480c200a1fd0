import { closeSync, type Dirent, lstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

const MOST = 5_000_000;

/**
 * Small files below a folder that have changed since then; other people's come and go. It stays on the folder's own
 * file system: an image that is being built beside us has /proc and /sys mounted in its folder, where files of size 0
 * have no end.
 */
export function* changedSince(
  folder: string,
  since: number,
  device = lstatSync(folder).dev,
): Generator<{ readonly path: string; readonly read: () => string }> {
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found === undefined || found.dev !== device) continue;
    if (found.isDirectory()) yield* changedSince(path, since, device);
    else if (found.isFile() && found.mtimeMs >= since && found.size < MOST) yield { path, read: () => begin(path) };
  }
}

function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

/** What it begins with, whatever its size says; '' when it is gone. */
function begin(path: string): string {
  try {
    const file = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(MOST);
      let length = 0;
      for (let more = -1; more !== 0 && length < MOST; length += more)
        more = readSync(file, bytes, length, MOST - length, null);
      return bytes.toString('latin1', 0, length);
    } finally {
      closeSync(file);
    }
  } catch {
    return '';
  }
}
