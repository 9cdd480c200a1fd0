import type { ClientChannel } from 'ssh2';
import { type Exit, type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import { onAbort } from '../../util/async.ts';
import { collector } from '../exec/output.ts';
import type { Privilege } from '../exec/privilege.ts';
import type { Link } from '../ssh2/link.ts';
import type { SyncIo, SyncRequest } from '../transport.ts';
import { inside } from './receiver.ts';
import { type LocalRsync, splitWords, startRsync } from './rsync.ts';

/** Runs the local rsync through a channel of the connection that is open already, sudo included. */
export async function syncByRsync(
  link: Link,
  privilege: Privilege,
  asRoot: boolean,
  request: SyncRequest,
  io: SyncIo,
): Promise<Result<Exit>> {
  const local = startRsync(request, asRoot);
  const stopAbort = onAbort(io.signal, local.kill);
  const stderr = collector(io.onLine && ((line) => io.onLine?.('stderr', line)));
  local.stderr.on('data', stderr.take);
  let rate = '';
  local.stdout.on('data', (chunk: Buffer) => {
    rate = reportProgress(chunk, io) ?? rate;
  });
  try {
    const remote = await carry(link, privilege, local, inside(request.to), io);
    if (!remote.ok) local.kill();
    else if (remote.value !== null) local.remoteEnded(remote.value.code);
    local.fromRemote.end();
    // The other side takes no more. Left unread, what was still to be sent would keep the local side from ending.
    local.toRemote.removeAllListeners('data').resume();
    const code = await local.ended;
    if (!remote.ok) return remote;
    // A local rsync that loses the other side says 12, or how that ended, by who of the two is seen to end first.
    const worse = Math.max(code, remote.value?.code ?? 0);
    if (worse === 0) io.onProgress?.(100, rate);
    return ok({ code: worse, stdout: '', stderr: `${remote.value?.stderr ?? ''}${stderr.end()}` });
  } finally {
    stopAbort();
  }
}

/** Connects both rsyncs; null when the local one ended before it said what to run. */
async function carry(
  link: Link,
  privilege: Privilege,
  local: LocalRsync,
  into: string,
  io: SyncIo,
): Promise<Result<Exit | null>> {
  let channel: ClientChannel | null = null;
  const early: Buffer[] = [];
  const send = (chunk: Buffer) => {
    if (channel === null) early.push(chunk);
    // After the host has ended nothing would ever drain.
    else if (!channel.writableEnded && !channel.write(chunk)) waitForDrain(local, channel);
  };
  const words = await new Promise<readonly string[] | null>((resolve) => splitWords(local.toRemote, resolve, send));
  if (words === null) return io.signal.aborted ? fail({ kind: 'cancelled', phase: 'stage' }) : ok(null);
  const command = serverCommand(words);
  if (command === null)
    return fail<Failure>({
      kind: 'unsupported',
      needs: `an rsync that keeps its arguments off the command line; this one asks for: ${words.join(' ')}`,
    });
  const job = {
    go: `${into} ${command}`,
    what: 'rsync',
    io: { signal: io.signal, timeoutMs: io.timeoutMs },
    feed: (stdin: ClientChannel) => {
      channel = stdin;
      const resume = () => stdin.resume();
      local.fromRemote.on('drain', resume).on('close', resume);
      for (const chunk of early) stdin.write(chunk);
      if (local.toRemote.readableEnded) stdin.end();
      else local.toRemote.once('end', () => stdin.end());
    },
    onData: (chunk: Buffer) => {
      if (!local.fromRemote.destroyed && !local.fromRemote.write(chunk)) channel?.pause();
    },
  };
  return privilege.runJob(link, job);
}

function waitForDrain(local: LocalRsync, channel: ClientChannel): void {
  local.toRemote.pause();
  channel.once('drain', () => local.toRemote.resume());
}

/** rsync's words, without the name it takes for the host's; null if one of them would need quoting. */
function serverCommand(words: readonly string[]): string | null {
  const plain = words[0] === 'rsync' && words[1] === '--server' && words.every((word) => /^[\w.,=-]+$/.test(word));
  return plain ? words.join(' ') : null;
}

/** Passes on the last of rsync's progress reports in a chunk, and gives its rate. */
function reportProgress(chunk: Buffer, { onProgress }: SyncIo): string | null {
  const [, percent, rate] = [...chunk.toString('latin1').matchAll(/(\d+)%\s+(\S+\/s)/g)].at(-1) ?? [];
  if (percent === undefined || rate === undefined) return null;
  onProgress?.(Number(percent), rate);
  return rate;
}
