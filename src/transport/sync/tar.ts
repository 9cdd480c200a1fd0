import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip, type Gzip } from 'node:zlib';
import { type Header, type Pack, pack } from 'tar-stream';
import { SAFE_READ } from '../../local/file.ts';
import type { Tree, TreeEntry } from '../../model/plan.ts';
import { bytesOf } from '../auth/reveal.ts';
import type { Part } from '../transport.ts';

/** Modes of a synced tree, whatever the local ones are: only the executable bit is carried over. */
const DIRECTORY_MODE = 0o755;
const fileMode = (executable: boolean) => (executable ? 0o755 : 0o644);

/** A tar archive as it is made; `failed` has the reason when a local file could not be read as planned. */
export type Archive = {
  readonly stream: Pack | Gzip;
  readonly failed: () => string | null;
  /** Stops reading files, since nobody takes the archive any more. */
  readonly abandon: () => void;
};

type TarArchive = Archive & { readonly stream: Pack };

/** Small files with their exact modes, and trees; owned by root. */
export function bundleArchive(parts: readonly Part[]): TarArchive {
  return archive(async (tar) => {
    for (const part of parts) {
      if ('tree' in part) {
        const below = part.to === '' ? '' : `${part.to}/`;
        if (below !== '') await add(tar, { name: below, type: 'directory', mode: DIRECTORY_MODE }, null);
        await addTree(tar, part.tree, below, () => {});
      } else await add(tar, { name: part.path, mode: part.mode }, bytesOf(part.content));
    }
  });
}

/** The same, smaller; quickly rather than well. */
export function compressed(archive: TarArchive): Archive {
  const stream = createGzip({ level: 3 });
  stream.on('error', () => {});
  // One that breaks off is not ended, and so is not whole.
  archive.stream.on('close', () => {
    if (archive.failed() !== null) stream.destroy();
  });
  archive.stream.pipe(stream);
  const abandon = () => {
    archive.abandon();
    stream.destroy();
  };
  return { ...archive, stream, abandon };
}

/** A tree, its files streamed one after the other; `onBytes` hears how many bytes of content have gone in. */
export function treeArchive(tree: Tree, onBytes: (bytes: number) => void): Archive {
  return archive((tar) => addTree(tar, tree, '', onBytes));
}

async function addTree(tar: Pack, tree: Tree, below: string, onBytes: (bytes: number) => void): Promise<void> {
  for (const entry of tree.entries) await addEntry(tar, tree.from, entry, below, onBytes);
}

async function addEntry(
  tar: Pack,
  from: string,
  entry: TreeEntry,
  below: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  const name = `${below}${entry.path}`;
  switch (entry.type) {
    case 'directory':
      return add(tar, { name: `${name}/`, type: 'directory', mode: DIRECTORY_MODE }, null);
    case 'symlink':
      return add(tar, { name, type: 'symlink', linkname: entry.target, mode: 0o777 }, null);
    case 'file': {
      const { path, executable, size } = entry;
      if (size === 0) return add(tar, { name, mode: fileMode(executable) }, Buffer.alloc(0));
      // By now something else may stand there.
      const opened = await open(join(from, path), SAFE_READ);
      const file = opened.createReadStream({ highWaterMark: 256 * 1024 });
      file.on('data', (chunk) => onBytes(chunk.length));
      await pipeline(file, tar.entry(named(tar, { name, mode: fileMode(executable), size })));
    }
  }
}

/** No clock in an archive, nor on the host from it: files are as old as their arrival (-m), which builds and caches go by. */
const COMMON = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(86_400_000) };

type Entry = Pick<Header, 'name'> & Partial<Header>;

function add(tar: Pack, entry: Entry, body: Buffer | null): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (body === null) tar.entry(named(tar, entry), done);
    else tar.entry(named(tar, { ...entry, size: body.length }), body, done);
  });
}

/** The header of an entry; names that do not fit into it go ahead of it. Entries are added one at a time. */
function named(tar: Pack, entry: Entry): Entry {
  const { name, linkname } = entry;
  const header: Entry = { ...COMMON, ...entry };
  if (!fitsHeader(name)) {
    tar.push(longNameRecord('L', name));
    header.name = 'long-name';
  }
  if (linkname && !fitsHeader(linkname)) {
    tar.push(longNameRecord('K', linkname));
    header.linkname = 'long-name';
  }
  return header;
}

function archive(fill: (tar: Pack) => Promise<void>): TarArchive {
  const stream = pack();
  let problem: string | null = null;
  let abandoned = false;
  // An unread archive is torn down with its channel; that is the channel's failure to report, not an exception.
  stream.on('error', () => {});
  fill(stream).then(
    () => stream.finalize(),
    (error: unknown) => {
      if (!abandoned) problem = error instanceof Error ? error.message : String(error);
      stream.destroy();
    },
  );
  const abandon = () => {
    abandoned = true;
    stream.destroy();
  };
  return { stream, failed: () => problem, abandon };
}

/**
 * A GNU record that gives the next entry its name ('L') or its link target ('K'). Busybox tar skips the pax records that
 * a library would write for names beyond ASCII or 100 bytes, and then extracts files under wrong names.
 */
function longNameRecord(kind: 'L' | 'K', name: string): Buffer {
  const body = Buffer.from(`${name}\0`);
  const record = Buffer.alloc(512 + Math.ceil(body.length / 512) * 512);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, '0');
  record.write('././@LongLink', 0);
  record.write(octal(0o644, 7), 100);
  record.write(octal(0, 7), 108);
  record.write(octal(0, 7), 116);
  record.write(octal(body.length, 11), 124);
  record.write(octal(0, 11), 136);
  record.write(' '.repeat(8), 148);
  record.write(kind, 156);
  record.write('ustar  ', 257);
  const checksum = record.subarray(0, 512).reduce((sum, byte) => sum + byte, 0);
  record.write(`${octal(checksum, 6)}\0`, 148);
  body.copy(record, 512);
  return record;
}

/** Whether a name stands in a plain header, in full. */
function fitsHeader(name: string): boolean {
  return name.length <= 99 && !/[^\0-\x7f]/.test(name);
}
