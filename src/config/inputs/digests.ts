import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { open, statfs } from 'node:fs/promises';
import { cacheName, readCached, writeCached } from '../../local/cache.ts';
import { SAFE_READ } from '../../local/file.ts';
import { type Digest, digest } from '../../model/ids.ts';
import { once } from '../../util/async.ts';

/** What is in a file, as far as a tree has to know. */
export type Hashed = {
  readonly size: number;
  readonly digest: Digest;
  /** Whether its `#!` line ends with CRLF. */
  readonly crlf: boolean;
};

/** Where digests are kept from one run to the next, and the clock that tells how old a change is. */
export type DigestCache = { readonly folder: string; readonly now?: () => number };

/** Digests of the files of one tree. */
export type Digests = {
  /** What was read of this very file before; null where it has to be read. */
  known(info: BigIntStats): Hashed | null;
  /** Reads it, and nothing beyond the size that it had. @param local whether it is on a file system of this machine */
  hash(path: string, expected: number, local: boolean): Promise<Hashed>;
  /** For the next run. */
  keep(): Promise<void>;
};

/**
 * How old a change has to be to be told from the next one by its time: a clock's tick, file systems that keep whole
 * seconds, and a call of write(2), which sets the time before it copies what may be gigabytes.
 */
const SETTLED_MS = 5000;

/** What is read in an instant is read each time, and leaves nothing on the machine: 32 MB, or 500 files of next to nothing. */
const WORTH = 32 * 1024 * 1024;
/** What it costs to open a file, as bytes that are hashed in that time. */
const OPENING = 64 * 1024;

/**
 * What is trusted is the kernel's word that a file is the one that was read: device, inode, size, mtime and ctime are
 * the same. Each change of content, mode or name sets ctime to the present, and nothing sets it back, so `touch -d`,
 * `cp -p` and a replacement are noticed too. Two changes within one tick have the same ctime: so a file that was changed
 * less than SETTLED_MS before it was read is not remembered, but read again the next time, whatever came afterwards. What
 * is written through a shared memory mapping has the time of the first touch of its page, so what is still mapped when
 * it is read may go unnoticed. Over a network times are of another clock and may be old: nothing of it is remembered.
 * Wherever a digest comes from, what arrives on a host is compared with it (`sent`, tree.sh).
 *
 * Names are not kept, nor anything of a content but its digest. Executable bits and links are looked at each time.
 * @param about what makes the tree this one
 */
export async function openDigests(cache: DigestCache | null, about: unknown, isLocal: IsLocal): Promise<Digests> {
  const { folder, now = Date.now } = cache ?? { folder: null };
  const name = cacheName('digests-1', about);
  const before = parse(folder === null ? null : await readCached(folder, name));
  const used: string[] = [];
  const gained: string[] = [];
  let cost = 0;
  return {
    known(info) {
      const identity = identityOf(info);
      const line = before.get(identity);
      if (line === undefined) return null;
      const size = Number(info.size);
      used.push(identity);
      cost += size + OPENING;
      return { size, digest: digest(line.slice(0, 64)), crlf: line.length > 64 };
    },
    async hash(path, expected, local) {
      const began = now();
      const { info, ...hashed } = local && expected <= SMALL ? hashNow(path, expected) : await hashFile(path, expected);
      cost += hashed.size + OPENING;
      const settled = Number(info.ctimeMs) + SETTLED_MS < began;
      if (settled && folder !== null && (await isLocal(info.dev, path)))
        gained.push(`${identityOf(info)}${hashed.digest}${hashed.crlf ? '+' : ''}`);
      return hashed;
    },
    async keep() {
      // What is nobody's any more is dropped when something new comes.
      if (folder === null || gained.length === 0 || cost < WORTH) return;
      const lines = used.map((identity) => identity + before.get(identity));
      await writeCached(folder, name, [...lines, ...gained].join('\n'));
    },
  };
}

const identityOf = ({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string =>
  `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs} `;

function parse(text: string | null): ReadonlyMap<string, string> {
  const lines = new Map<string, string>();
  for (const line of text?.split('\n') ?? []) {
    const end = line.lastIndexOf(' ') + 1;
    lines.set(line.slice(0, end), line.slice(end));
  }
  return lines;
}

/** Of a large file this much is held in memory. */
const PIECE = 1024 * 1024;

/** As much of a file as its first line may take. */
const LINE = 256;

/** A file of so many bytes is read in one go: handing it to another thread takes longer. */
const SMALL = 64 * 1024;

type Read = Hashed & { readonly info: BigIntStats };

async function hashFile(path: string, expected: number): Promise<Read> {
  await using file = await open(path, SAFE_READ | constants.O_NOFOLLOW);
  // Before anything is read: whatever changes from here on has a later time.
  const info = await file.stat({ bigint: true });
  const piece = Buffer.alloc(Math.min(expected + 1, PIECE));
  const sum = summing(expected);
  for (;;) {
    const { bytesRead } = await file.read(piece);
    if (bytesRead === 0) return { info, ...sum.end() };
    sum.add(piece.subarray(0, bytesRead));
  }
}

/** The same, without a pause. */
function hashNow(path: string, expected: number): Read {
  const file = openSync(path, SAFE_READ | constants.O_NOFOLLOW);
  try {
    const info = fstatSync(file, { bigint: true });
    const piece = Buffer.alloc(expected + 1);
    const sum = summing(expected);
    for (;;) {
      const bytesRead = readSync(file, piece);
      if (bytesRead === 0) return { info, ...sum.end() };
      sum.add(piece.subarray(0, bytesRead));
    }
  } finally {
    closeSync(file);
  }
}

/** Stops where a file that is written to all the time would have no end, and waits for nobody. */
function summing(expected: number) {
  const hash = createHash('sha256');
  let size = 0;
  let head = '';
  return {
    add(piece: Buffer): void {
      if (size === 0) head = piece.toString('latin1', 0, LINE);
      size += piece.length;
      if (size > expected) throw Object.assign(new Error('grew while it was read'), { code: 'GREW' });
      hash.update(piece);
    },
    end: (): Hashed => ({ size, digest: digest(hash.digest('hex')), crlf: /^#![^\n]*\r\n/.test(head) }),
  };
}

/** Whether a device holds a file system of this machine; the path is any on it. */
export type IsLocal = (device: bigint, path: string) => Promise<boolean>;

/** ext, XFS, btrfs, tmpfs, ZFS, F2FS, bcachefs and overlays, by statfs(2): their times are of our clock, and always those of now. */
const LOCAL = new Set([
  ...[0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x2fc12fc1, 0xf2f52010, 0xca451a4e, 0x794c7630],
]);

export function localDevices(): IsLocal {
  const seen = once<boolean>();
  return (device, path) =>
    seen(String(device), () =>
      statfs(path).then(
        ({ type }) => LOCAL.has(type),
        () => false,
      ),
    );
}
