import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, AuthenticationType, Client, NextAuthHandler } from 'ssh2';
import type { Failure } from '../model/outcome.ts';
import { onAbort } from './deadline.ts';
import type { Trust } from './trust.ts';

/** An authenticated SSH connection. */
export type Hop = {
  readonly ssh: NodeSSH;
  readonly client: Client;
  /** The server's identification, e.g. `SSH-2.0-OpenSSH_9.2p1`. */
  readonly ident: string;
  /** Why the link is gone, or null while it is up. */
  readonly lost: () => string | null;
  /** Calls the listener once the link is gone; soon, never at once, if it already is. */
  readonly onLost: (listener: () => void) => () => void;
  /** Says goodbye, and cuts the link when the other side does not answer within half a second. */
  readonly close: () => Promise<void>;
};

/** How an attempt ended; `early` means that the link failed before a login was tried, so that trying again may help. */
export type Attempt =
  | { readonly end: 'connected'; readonly hop: Hop }
  | { readonly end: 'refused-login'; readonly detail: string }
  | { readonly end: 'failed'; readonly failure: Failure; readonly early: boolean };

export type Login = { readonly user: string; readonly methods: readonly AnyAuthMethod[]; readonly keepaliveMs: number };

/** Verifies the host's key and logs in over a socket that is already connected. Closes the socket unless it succeeds. */
export function handshake(
  socket: Duplex,
  where: string,
  trust: Trust,
  login: Login,
  signal: AbortSignal,
): Promise<Attempt> {
  return new Promise((resolve) => {
    const ssh = new NodeSSH();
    const progress: Progress = { handshaken: false, refusals: 0, accepts: null, keyRefusal: null, error: null };
    const connecting = ssh.connect({
      sock: socket as never,
      username: login.user,
      readyTimeout: 0,
      keepaliveInterval: login.keepaliveMs,
      keepaliveCountMax: 3,
      algorithms: {
        kex: { remove: ['diffie-hellman-group-exchange-sha256'], append: [], prepend: [] },
        serverHostKey: [...trust.algorithms],
      },
      hostVerifier: (blob: Buffer, verify: (accept: boolean) => void) => {
        trust.refusal(blob).then(
          (refusal) => {
            progress.keyRefusal = refusal;
            verify(refusal === null);
          },
          () => verify(false),
        );
      },
      authHandler: offer(login, progress),
    });
    const client = ssh.connection;
    // node-ssh takes its own listener away after the login, and an 'error' without one ends the process.
    client?.on('error', (error: SshError) => {
      if (error.level !== 'agent') progress.error = error;
    });
    let ident = '';
    socket.once('data', (chunk: Buffer) => {
      ident = /^SSH-[^\r\n]*/m.exec(chunk.toString('latin1'))?.[0] ?? '';
    });
    let settled = false;
    const settle = (attempt: Attempt) => {
      if (settled) return;
      settled = true;
      stop();
      if (attempt.end !== 'connected') socket.destroy();
      resolve(attempt);
    };
    const stop = onAbort(signal, () =>
      settle({ end: 'failed', early: false, failure: { kind: 'cancelled', phase: 'connect' } }),
    );
    client?.on('handshake', () => {
      progress.handshaken = true;
    });
    client?.on('ready', () => settle({ end: 'connected', hop: established(ssh, client, socket, ident, progress) }));
    client?.on('close', () => settle(explain(progress, where)));
    connecting.catch((error: SshError) => {
      // A failing agent is only one method that did not work; ssh2 goes on to the next.
      if (error.level === 'agent') return;
      progress.error ??= error;
      settle(explain(progress, where));
    });
  });
}

type SshError = Error & { readonly level?: string; readonly code?: string | number };

type Progress = {
  handshaken: boolean;
  /** Login methods that the server turned down. */
  refusals: number;
  /** What the server said it accepts, after a refusal. */
  accepts: readonly string[] | null;
  keyRefusal: Failure | null;
  error: SshError | null;
};

function offer({ user, methods }: Login, progress: Progress) {
  const left: AnyAuthMethod[] = methods.length > 0 ? [...methods] : [{ type: 'none', username: user }];
  return (accepts: AuthenticationType[] | null, _partial: boolean | null, next: NextAuthHandler) => {
    if (accepts !== null) {
      progress.refusals += 1;
      progress.accepts = accepts;
    }
    const method = accepts === null || accepts.includes('publickey') ? left.shift() : undefined;
    next(method ?? (false as never));
  };
}

function established(ssh: NodeSSH, client: Client, socket: Duplex, ident: string, progress: Progress): Hop {
  let gone = false;
  const listeners = new Set<() => void>();
  client.on('close', () => {
    gone = true;
    for (const listener of listeners) listener();
  });
  const lost = () => (gone ? (progress.error?.message ?? 'the other side closed the connection') : null);
  const onLost = (listener: () => void) => {
    if (gone) queueMicrotask(listener);
    else listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const close = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(() => socket.destroy(), 500);
      const fallback = setTimeout(done, 1000);
      function done() {
        clearTimeout(timer);
        clearTimeout(fallback);
        resolve();
      }
      onLost(done);
      if (!gone) client.end();
    });
  return { ssh, client, ident, lost, onLost, close };
}

function explain(progress: Progress, where: string): Attempt {
  const { error, keyRefusal } = progress;
  const failed = (failure: Failure, early: boolean): Attempt => ({ end: 'failed', failure, early });
  if (keyRefusal !== null) return failed(keyRefusal, false);
  const message = error?.message ?? 'the connection was closed';
  if (error?.level === 'client-authentication' || progress.refusals > 0 || /Too many authentication/i.test(message)) {
    const only =
      progress.accepts === null || progress.accepts.includes('publickey')
        ? ''
        : `; the host accepts only ${progress.accepts.join(', ')}`;
    return {
      end: 'refused-login',
      detail: /Too many authentication/i.test(message)
        ? `too many keys were offered${only}`
        : `none was accepted${only}`,
    };
  }
  if (/no matching/i.test(message))
    return failed({ kind: 'unsupported', needs: `an SSH algorithm in common with ${where}: ${message}` }, false);
  if (/before handshake/.test(message)) {
    const cause =
      'busy (MaxStartups), or it punishes earlier refused logins from this address for a while (PerSourcePenalties of OpenSSH 9.8 and later)';
    return failed(
      { kind: 'unreachable', detail: `${where} closed the connection before the SSH handshake; it may be ${cause}` },
      true,
    );
  }
  if (/identification|Unexpected data/i.test(message))
    return failed({ kind: 'unreachable', detail: `${where} does not speak SSH: ${message}` }, false);
  return failed(
    { kind: 'unreachable', detail: `${where}: the connection was lost before the login: ${message}` },
    true,
  );
}
