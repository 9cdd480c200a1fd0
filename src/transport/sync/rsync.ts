import { spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { Tree } from '../../model/plan.ts';
import type { SyncRequest } from '../transport.ts';

/**
 * What stands in for ssh below the local rsync: it hands its words to us on descriptor 4, then carries bytes both ways
 * over descriptors 3 and 4, and ends with the status that we write to descriptor 5. It has to end when the remote side
 * does, since rsync waits for it.
 */
const HELPER = [
  'printf "%d\\n" $# >&4; for a do printf "%s\\0" "$a" >&4; done;',
  'exec 6<&0; cat <&6 >&4 & exec 4>&- 6<&-; cat <&3;',
  'read -r c <&5 || c=255; kill $! 2>/dev/null; exit $((c))',
].join(' ');

/** The operator's own rsync settings must not change what is sent. */
const LAUNCH =
  'unset RSYNC_RSH RSYNC_PROTECT_ARGS RSYNC_OLD_ARGS RSYNC_CHECKSUM_LIST RSYNC_COMPRESS_LIST; LC_ALL=C exec rsync "$@"';

export type LocalRsync = {
  /** What the helper writes: the words of the remote command first, then rsync's protocol. */
  readonly toRemote: Readable;
  readonly fromRemote: Writable;
  /** Tells the local side how the remote one ended. */
  readonly remoteEnded: (code: number) => void;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Exit status; 127 when there is no local rsync. */
  readonly ended: Promise<number>;
  readonly kill: () => void;
};

/** Starts the local rsync, in a process group of its own so that nothing of it is left behind. */
export function startRsync(request: SyncRequest, asRoot: boolean): LocalRsync {
  const args = ['-c', LAUNCH, 'sh', ...rsyncArguments(request, asRoot)];
  const child = spawn('/bin/sh', args, { detached: true, stdio: ['pipe', 'pipe', 'pipe', 'pipe', 'pipe', 'pipe'] });
  const [stdin, stdout, stderr, fromRemote, toRemote, status] = child.stdio as unknown as [
    Writable,
    Readable,
    Readable,
    Writable,
    Readable,
    Writable,
  ];
  // Each of these breaks when the other side ends first; what went wrong is in the exit status.
  for (const stream of [stdin, stdout, stderr, fromRemote, toRemote, status]) stream.on('error', () => {});
  stdin.end(fileList(request.tree));
  const ended = new Promise<number>((resolve) => {
    child.once('error', () => resolve(127));
    child.once('close', (code) => resolve(code ?? 255));
  });
  const signal = (name: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, name);
    } catch {
      // Nobody of the group is left.
    }
  };
  const kill = () => {
    signal('SIGTERM');
    const force = setTimeout(() => signal('SIGKILL'), 1000);
    ended.then(() => clearTimeout(force));
  };
  return { toRemote, fromRemote, remoteEnded: (code) => status.end(`${code}\n`), stdout, stderr, ended, kill };
}

/**
 * rsync gets the list of entries and does no choosing of its own, so that digest, tar and rsync agree. `-s` keeps paths
 * off the remote command line, and the remote side is started in the folder that receives. Only an absolute --link-dest works on current Debian, and it links only files that are equal
 * in all that is preserved, so times are not.
 */
function rsyncArguments({ tree, linkFrom, copyFrom, group }: SyncRequest, asRoot: boolean): readonly string[] {
  const owner = asRoot ? ['--owner', '--group', `--chown=root:${group}`] : [];
  const link = linkFrom === null ? [] : [`--link-dest=${linkFrom}`];
  const copy = copyFrom === null ? [] : [`--copy-dest=${copyFrom}`];
  const what = ['--files-from=-', '--from0', '--links', '--checksum', '--no-times', '--no-devices', '--no-specials'];
  // `=` leaves setuid, setgid and sticky as they are, and a file that was somebody's becomes root's.
  const modes = ['--perms', '--chmod=Dugo=rx,Du+w,Fugo=rX,Fu+w,ug-s,o-t'];
  const progress = ['--info=progress2', '--no-inc-recursive', '--outbuf=N', '--no-human-readable'];
  const route = ['--blocking-io', '--secluded-args', '-e', `sh -c '${HELPER}'`];
  return [
    ...route,
    ...what,
    ...modes,
    ...owner,
    ...link,
    ...copy,
    ...progress,
    `${tree.from.replace(/\/+$/, '')}/`,
    'host:./',
  ];
}

function fileList({ entries }: Tree): string {
  return entries.map(({ path }) => `./${path}\0`).join('');
}

/** Splits what the helper writes: its words go to `words` (null if it ended before), the bytes after them to `onBytes`. */
export function splitWords(
  from: Readable,
  words: (words: readonly string[] | null) => void,
  onBytes: (chunk: Buffer) => void,
): void {
  let head: Buffer | null = Buffer.alloc(0);
  from.on('data', (chunk: Buffer) => {
    if (head === null) return onBytes(chunk);
    head = Buffer.concat([head, chunk]);
    const found = parseWords(head);
    if (found === null) return;
    const rest = head.subarray(found.length);
    head = null;
    words(found.words);
    if (rest.length > 0) onBytes(rest);
  });
  from.on('close', () => {
    if (head !== null) words(null);
  });
}

function parseWords(head: Buffer): { readonly words: readonly string[]; readonly length: number } | null {
  const line = head.indexOf('\n');
  if (line < 0) return null;
  const words: string[] = [];
  let at = line + 1;
  for (let left = Number(head.toString('latin1', 0, line)); left > 0; left -= 1) {
    const end = head.indexOf(0, at);
    if (end < 0) return null;
    words.push(head.toString('utf8', at, end));
    at = end + 1;
  }
  return { words, length: at };
}
