import type { Duplex } from 'node:stream';
import { type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import { deadline } from '../deadline.ts';
import type { Link } from './link.ts';
import { isProhibited, noForwarding, openTunnel } from './tunnel.ts';

/** A TCP connection from the host to somewhere it can reach. It counts as a channel until it is closed. */
export async function dial(
  link: Link,
  host: string,
  port: number,
  io: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<Result<Duplex>> {
  using limit = deadline(io.signal, io.timeoutMs, `connection to ${host} port ${port}`, 'verify');
  const release = await link.channels.take(limit.signal);
  if (release === null) return fail(limit.failure());
  const tunnel = await openTunnel(link.hop, host, port, limit.signal);
  if (tunnel instanceof Error) {
    release();
    return fail(limit.signal.aborted ? limit.failure() : refusal(link, host, port, tunnel));
  }
  const forget = link.hop.onLost(() => {
    release();
    tunnel.destroy();
  });
  tunnel.on('close', () => {
    forget();
    release();
  });
  return ok(asSocket(tunnel));
}

function refusal(link: Link, host: string, port: number, error: Error & { readonly reason?: number }): Failure {
  const lost = link.hop.lost();
  if (lost !== null) return { kind: 'connection-lost', detail: lost };
  if (isProhibited(error)) return noForwarding(link.hop, 'checks', host, port);
  return { kind: 'unreachable', detail: `the host could not connect to ${host} port ${port}: ${error.message}` };
}

/**
 * What node:http calls on a connection it is given, and a channel lacks. ssh2 closes a channel only when all that came
 * has been read, so who has no more use for one reads it to its end: it would count as open for ever.
 */
function asSocket(channel: Duplex): Duplex {
  const same = () => channel;
  const destroy = channel.destroy.bind(channel);
  return Object.assign(channel, {
    destroy: (error?: Error) => destroy(error).resume(),
    setKeepAlive: same,
    setNoDelay: same,
    setTimeout: same,
    ref: same,
    unref: same,
    destroySoon: () => channel.destroy(),
  });
}
