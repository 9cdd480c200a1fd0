import type { Duplex } from 'node:stream';
import type { Failure } from '../../model/outcome.ts';
import { onAbort } from '../../util/async.ts';
import type { Hop } from './hop.ts';

/** A TCP connection made by the other side; an Error says why there is none, its `reason` as in RFC 4254 5.1. */
export function openTunnel(
  { ssh }: Hop,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<Duplex | (Error & { reason?: number })> {
  return new Promise((resolve) => {
    const stop = onAbort(signal, () => resolve(new Error('no answer')));
    // In a chain, since node-ssh throws when the connection is closed already.
    const opening = Promise.resolve().then(() => ssh.forwardOut('127.0.0.1', 0, host, port));
    opening.then(
      (channel) => {
        stop();
        if (signal.aborted) channel.destroy();
        resolve(channel);
      },
      (error: unknown) => {
        stop();
        resolve(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** RFC 4254: 1 is "administratively prohibited", which sshd says at once, before it tries to connect. */
export const isProhibited = (error: Error & { readonly reason?: number }): boolean => error.reason === 1;

export function noForwarding(
  { login, user, words }: Pick<Hop, 'login' | 'user' | 'words'>,
  wanted: 'checks' | 'jump',
  host: string,
  port: number,
): Failure {
  const line = words.keyLine();
  const to = [`${host.includes(':') ? `[${host}]` : host}:${port}`];
  return { kind: 'no-forwarding', login, user, wanted, to, key: line === null || line.forwards ? '' : line.place };
}
