import { type Exit, ok, type Result } from '../model/outcome.ts';
import { quote, type Script } from '../shell/sh.ts';
import type { Link } from './link.ts';
import type { Privilege } from './privilege.ts';
import { wholeScript } from './script.ts';
import { sendArchive } from './send-archive.ts';
import { syncByRsync } from './sync-rsync.ts';
import { type Archive, bundleArchive, treeArchive } from './tar.ts';
import type { BundleFile, RunIo, SyncMethod, SyncRequest } from './transport.ts';

export type { SyncRequest } from './transport.ts';
export type SyncIo = RunIo & { readonly onProgress?: (percent: number, rate: string) => void };

/** rsync's own status for "some files could not be read", used for a tree that changed while tar read it. */
const PARTIAL = 23;

export function runScript(link: Link, privilege: Privilege, script: Script, io: RunIo): Promise<Result<Exit>> {
  // Standard input stays open, since a channel that was ended can no longer be sent a signal.
  return privilege.perform(link, {
    go: 'exec sh -s',
    feed: (stdin) => stdin.write(wholeScript(script)),
    io,
    what: 'command',
  });
}

export function unpack(
  link: Link,
  privilege: Privilege,
  files: readonly BundleFile[],
  into: string,
  io: RunIo,
): Promise<Result<Exit>> {
  return sendTar(link, privilege, () => bundleArchive(files), `umask 077; exec tar -x -p -f - -C ${quote(into)}`, io);
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
    const first = await privilege.perform(link, {
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
  const extract = `umask 022; tar -x -p -f - -C ${quote(to)}`;
  const own = asRoot ? ` && chgrp -R -h -- ${quote(group)} ${quote(to)}` : '';
  return sendTar(link, privilege, () => treeArchive(tree, progress(tree.bytes, io)), `${extract}${own}`, io);
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
  const sent = await privilege.perform(link, {
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
