import { constants } from 'node:os';
import type { ClientChannel } from 'ssh2';
import { type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import { onAbort, pause } from '../../util/async.ts';
import { type Slots, slots } from '../../util/slots.ts';
import type { Hop } from './hop.ts';

/** The connection to one host, through all its hops, with its channels counted. */
export type Link = {
  readonly hop: Hop;
  readonly channels: Slots;
  /** Whether more than one may be open at a time. */
  readonly severalChannels: boolean;
  /** Channels with a command under way. */
  readonly running: Set<ClientChannel>;
  readonly close: Hop['close'];
};

/** `hops` are those on the way, outermost first. */
export function link(hop: Hop, hops: readonly Hop[]): Link {
  const close = async (wait: boolean) => {
    for (const each of [hop, ...[...hops].reverse()]) await each.close(wait);
  };
  const limit = channelLimit(hop.ident);
  return { hop, channels: slots(limit), severalChannels: limit > 1, running: new Set(), close };
}

/** OpenSSH allows ten sessions and frees them late; dropbear crashes when channels overlap. */
function channelLimit(ident: string): number {
  return /^SSH-2\.0-OpenSSH/.test(ident) ? 4 : 1;
}

/** How a channel stands; the events may have passed before anybody else could listen. */
type Ending = { status: number | null; closed: boolean };
export type Started = { readonly channel: ClientChannel; readonly ending: Ending };
export type OpenChannel = Started & { readonly release: () => void };

/** Refusals of a session in a row, with none of ours open, before the host is believed; about 4 s. */
const MOST_REFUSALS = 12;

/**
 * Opens a channel that runs a command. A server that refuses one more session (MaxSessions) is asked again while others
 * are open, since they end a moment later there than here. An abort gives null.
 */
export async function openChannel(to: Link, command: string, signal: AbortSignal): Promise<Result<OpenChannel> | null> {
  const release = await to.channels.take(signal);
  if (release === null) return null;
  let refusals = 0;
  for (let wait = 10; ; wait = Math.min(wait * 2, 500)) {
    const opened = await exec(to.hop, command, signal);
    if (opened !== null && !(opened instanceof Error)) return ok(tracked(to, opened, release));
    refusals = to.running.size > 0 ? 0 : refusals + 1;
    const full = opened instanceof Error && 'reason' in opened && opened.reason === 2;
    const refused = full && to.hop.lost() === null && refusals < MOST_REFUSALS;
    if (refused) await pause(wait * (0.5 + Math.random()), signal);
    if (refused && !signal.aborted) continue;
    release();
    return opened === null || signal.aborted ? null : fail(channelFailure(to.hop, opened));
  }
}

function tracked(to: Link, started: Started, release: () => void): OpenChannel {
  to.running.add(started.channel);
  started.channel.once('close', () => to.running.delete(started.channel));
  return { ...started, release };
}

function channelFailure(hop: Hop, error: Error): Failure {
  const lost = hop.lost();
  if (lost !== null || /not connected|no response/i.test(error.message))
    return { kind: 'connection-lost', detail: lost ?? error.message };
  return { kind: 'unsupported', needs: `a login that may run commands: the host answered "${error.message}"` };
}

/** ssh2 throws when the connection is closed already; an abort gives null, and a channel that still opens is closed. */
function exec({ client }: Hop, command: string, signal: AbortSignal): Promise<Started | Error | null> {
  return new Promise((resolve) => {
    const stop = onAbort(signal, () => resolve(null));
    try {
      client.exec(command, (error, channel) => {
        stop();
        if (signal.aborted) channel?.close();
        resolve(error ?? { channel, ending: endingOf(channel) });
      });
    } catch (error) {
      resolve(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function endingOf(channel: ClientChannel): Ending {
  const ending: Ending = { status: null, closed: false };
  channel.once('exit', (status: number | null, signal?: string) => {
    ending.status = status ?? 128 + (constants.signals[signal as NodeJS.Signals] ?? 0);
  });
  channel.once('close', () => {
    ending.closed = true;
  });
  return ending;
}
