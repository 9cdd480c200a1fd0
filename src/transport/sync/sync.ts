import type { ClientChannel } from 'ssh2';
import { type Exit, ok, type Result } from '../../model/outcome.ts';
import { quote } from '../../shell/sh.ts';
import type { Privilege } from '../exec/privilege.ts';
import type { Link } from '../ssh2/link.ts';
import type { Part, Receiver, RunIo, SyncIo, SyncMethod, SyncRequest, UnpackIo } from '../transport.ts';
import { inside } from './receiver.ts';
import { syncByRsync } from './sync-rsync.ts';
import type { Archive } from './tar.ts';

/** Loaded when something is sent, which most runs do not. */
const tar = () => import('./tar.ts');

/** rsync's own status for "some files could not be read", used for a tree that changed while tar read it. */
const PARTIAL = 23;

export async function unpack(
  link: Link,
  privilege: Privilege,
  parts: readonly Part[],
  into: Receiver,
  io: UnpackIo,
): Promise<Result<Exit>> {
  const { bundleArchive, compressed } = await tar();
  const make = () => (io.gzip ? compressed(bundleArchive(parts)) : bundleArchive(parts));
  return sendTar(link, privilege, make, `umask 077; ${inside(into)} tar -x${io.gzip ? ' -z' : ''} -m -p -f -`, io);
}

/** Sends a tree into an empty folder, which becomes 0755 root:group like the folders in it when we are root there. */
export async function sync(
  link: Link,
  privilege: Privilege,
  request: SyncRequest,
  method: SyncMethod,
  io: SyncIo,
): Promise<Result<Exit>> {
  if (privilege.isRoot() === null) {
    const first = await privilege.runJob(link, {
      go: ':',
      feed: () => {},
      io: { signal: io.signal, timeoutMs: io.timeoutMs },
      what: 'first command',
    });
    if (!first.ok) return first;
  }
  const asRoot = privilege.isRoot() === true;
  if (method === 'rsync') return syncByRsync(link, privilege, asRoot, request, io);
  const { tree, to, group } = request;
  // Both words of the group's script are ours, but for the group, which is quoted.
  const own = asRoot ? ` && chgrp -R -h -- ${quote(group)} .` : '';
  const go = `umask 022; ${inside(to)} sh -c ${quote(`tar -x -m -p -f -${own}`)}`;
  const { treeArchive } = await tar();
  return sendTar(link, privilege, () => treeArchive(tree, progress(tree.bytes, io)), go, io);
}

async function sendTar(
  link: Link,
  privilege: Privilege,
  make: () => Archive,
  go: string,
  io: RunIo,
): Promise<Result<Exit>> {
  if (/[\n\0]/.test(go)) throw new Error(`a folder's name has a line break: ${JSON.stringify(go)}`);
  let archive: Archive | null = null;
  const sent = await privilege.runJob(link, {
    go,
    what: 'transfer',
    io,
    feed: (stdin) => {
      archive = make();
      sendArchive(archive, stdin);
    },
  });
  const problem = (archive as Archive | null)?.failed() ?? null;
  return problem === null ? sent : ok({ code: PARTIAL, stdout: '', stderr: `cannot read a local file: ${problem}` });
}

/** Sends an archive as standard input. One that breaks off closes the channel, so that tar sees a short archive and fails. */
function sendArchive({ stream, abandon }: Archive, stdin: ClientChannel): void {
  stdin.on('close', abandon);
  stream.on('close', () => {
    if (!stdin.writableEnded) stdin.close();
  });
  stream.on('end', () => stdin.end());
  stream.on('data', (chunk: unknown) => {
    if (stdin.write(chunk as Uint8Array)) return;
    stream.pause();
    stdin.once('drain', () => stream.resume());
  });
}

function progress(total: number, { onProgress }: SyncIo): (bytes: number) => void {
  const began = performance.now();
  let sent = 0;
  let shown = -1;
  return (bytes) => {
    sent += bytes;
    const percent = total === 0 ? 100 : Math.min(100, Math.floor((sent * 100) / total));
    if (percent === shown) return;
    shown = percent;
    const rate = sent / 1e6 / Math.max((performance.now() - began) / 1000, 0.001);
    onProgress?.(percent, `${rate.toFixed(1)}MB/s`);
  };
}
