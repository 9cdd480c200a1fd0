import { connect, type Socket } from 'node:net';
import { fail, ok, type Result } from '../../model/outcome.ts';
import { onAbort } from '../../util/async.ts';

/** Why no TCP connection came about; `early` failures may pass when tried again. */
export type SocketFailure = { readonly detail: string; readonly early: boolean };

const PASSING = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'EAI_AGAIN'];
const MEANING: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused (no sshd on that port?)',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'there is no such name',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ETIMEDOUT: 'no answer',
};

/** Opens a TCP connection without Nagle's delay, which costs 40 ms per SSH step. */
export function openSocket(
  address: string,
  port: number,
  signal: AbortSignal,
  family: 4 | 6 | 0 = 0,
): Promise<Result<Socket, SocketFailure>> {
  return new Promise((resolve) => {
    // The attempts at several addresses of one name must outlast a slow round trip (default: 250 ms).
    const socket = connect({ host: address, port, family, noDelay: true, autoSelectFamilyAttemptTimeout: 2000 });
    const stop = onAbort(signal, () => {
      socket.destroy();
      resolve(fail({ detail: 'no answer', early: false }));
    });
    // Stays for good: an 'error' without a listener, after the connection ended, would end the process.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      stop();
      const code = error.code ?? '';
      resolve(fail({ detail: MEANING[code] ?? error.message, early: PASSING.includes(code) }));
    });
    socket.once('connect', () => {
      stop();
      resolve(ok(socket));
    });
  });
}
