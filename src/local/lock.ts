import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { link, readFile, realpath, stat, unlink, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/** Nobody holds such a lock for longer than it takes to write a line. */
const PATIENCE_MS = 5000;

/** Somebody else holds the lock; the message is a sentence. */
class LockHeld extends Error {}

/** Uses of each lock by this process, one after the other. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Works while no other process that uses this function works on the same file. The lock is a file beside it, made by a
 * hard link, so that it is never there without the name of its owner; a lock of a process that is gone is taken away.
 * @throws LockHeld, and what the system says where no lock can be made
 */
export async function withLock<T>(file: string, work: () => Promise<T>): Promise<T> {
  const folder = await realpath(dirname(file));
  const real = await realpath(file).catch(() => join(folder, basename(file)));
  const lock = `${real}.fleet-lock`;
  const before = turns.get(lock) ?? Promise.resolve();
  const turn = before.then(async () => {
    await acquire(lock);
    try {
      return await work();
    } finally {
      await unlink(lock).catch(() => {});
    }
  });
  turns.set(
    lock,
    turn.catch(() => {}),
  );
  return turn;
}

/** A lock for as long as a whole run: ours, or whose it is and since when, in milliseconds since 1970. */
export type Turn =
  | { readonly ours: true; readonly release: () => Promise<void> }
  | { readonly ours: false; readonly owner: string; readonly since: number };

/** The same lock without waiting for it. @throws what the system says where no lock can be made */
export const tryLock = (lock: string): Promise<Turn> =>
  asOwner(lock, async (owner) => {
    // What was stale is gone at the second try; in between it may have gone by itself.
    for (let tries = 0; tries < 3; tries += 1) {
      if (await linked(owner, lock)) return { ours: true, release: () => unlink(lock).catch(() => {}) };
      await breakStale(lock, owner);
    }
    const since = await stat(lock).then(
      ({ mtimeMs }) => mtimeMs,
      () => Date.now(),
    );
    return { ours: false, owner: await readFile(lock, 'utf8').catch(() => ''), since };
  });

const acquire = (lock: string): Promise<void> =>
  asOwner(lock, async (owner) => {
    const end = Date.now() + PATIENCE_MS;
    while (!(await linked(owner, lock))) {
      await breakStale(lock, owner);
      if (Date.now() > end)
        throw new LockHeld(
          `another process has held ${lock} for ${PATIENCE_MS / 1000} s; remove it if none is at work`,
        );
      await pause(5 + Math.random() * 20);
    }
  });

/** Works with a file that says who we are, for links to be made of. */
async function asOwner<T>(lock: string, work: (owner: string) => Promise<T>): Promise<T> {
  const owner = `${lock}.${process.pid}.${randomBytes(6).toString('hex')}`;
  await writeFile(owner, identity(process.pid), { flag: 'wx', mode: 0o600 });
  try {
    return await work(owner);
  } finally {
    await unlink(owner);
  }
}

const linked = (from: string, to: string): Promise<boolean> =>
  link(from, to).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );

/** Only who holds the second lock takes away the first, and looks again under it: the owner may be another by then. */
async function breakStale(lock: string, owner: string): Promise<void> {
  if (!(await isStale(lock)) || !(await linked(owner, `${lock}.break`))) return;
  try {
    if (await isStale(lock)) await unlink(lock);
  } finally {
    await unlink(`${lock}.break`);
  }
}

async function isStale(lock: string): Promise<boolean> {
  const [pid, place, started] = (await readFile(lock, 'utf8').catch(() => '')).split('\n');
  // Of a process of another machine, container or boot nothing can be told.
  if (pid === undefined || place !== PLACE) return false;
  return identity(Number(pid)) !== `${pid}\n${place}\n${started}`;
}

/** Who a process is: its number alone may be another's by now. */
const identity = (pid: number): string => `${pid}\n${PLACE}\n${startOf(pid)}`;

const readOrDash = (read: () => string): string => {
  try {
    return read().trim();
  } catch {
    return '-';
  }
};

const PLACE = [
  hostname(),
  readOrDash(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')),
  readOrDash(() => readlinkSync('/proc/self/ns/pid')),
].join(' ');

function startOf(pid: number): string {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return 'gone';
  }
  // The second field is a name in parentheses, which may hold anything; the start is the 22nd.
  return readOrDash(() => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ')[19] ?? '-');
}
