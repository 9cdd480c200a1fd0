import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { AnyAuthMethod, AuthenticationType, Client, NextAuthHandler } from 'ssh2';
import type { AuthLack, Failure } from '../../model/outcome.ts';
import { onAbort } from '../../util/async.ts';
import type { AlgorithmChoice } from '../algorithms.ts';
import type { Trust } from '../host-keys/trust.ts';
import { loginTrouble } from './login-trouble.ts';
import { listIn, type OfferedLists, serverOffer } from './server-offer.ts';
import { type ServerWords, serverWords } from './server-words.ts';

/** An authenticated SSH connection. */
export type Hop = {
  readonly ssh: NodeSSH;
  readonly client: Client;
  /** The server's identification, e.g. `SSH-2.0-OpenSSH_9.2p1`. */
  readonly ident: string;
  readonly words: ServerWords;
  /** `user@address port N`. */
  readonly login: string;
  readonly user: string;
  /** Why the link is gone, or null while it is up. */
  readonly lost: () => string | null;
  /** Calls the listener once the link is gone; soon, never at once, if it already is. */
  readonly onLost: (listener: () => void) => () => void;
  /**
   * Says goodbye. With `wait` for the other side to end the connection, which is cut when it has not within half a second;
   * else only until that is on its way, a round trip less.
   */
  readonly close: (wait: boolean) => Promise<void>;
};

/** How an attempt ended; `early` means that the link failed before a login was tried, so that trying again may help. */
export type Attempt =
  | { readonly end: 'connected'; readonly hop: Hop }
  | { readonly end: 'refused-login'; readonly detail: string; readonly lack: AuthLack | null }
  | { readonly end: 'failed'; readonly failure: Failure; readonly early: boolean };

export type Login = {
  readonly user: string;
  readonly methods: readonly AnyAuthMethod[];
  readonly keepaliveMs: number;
  readonly algorithms: AlgorithmChoice;
};

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
    const progress: Progress = {
      handshaken: false,
      refusals: 0,
      words: serverWords(),
      keyRefusal: null,
      otherKey: false,
      error: null,
      offered: () => null,
    };
    const connecting = ssh.connect({
      sock: socket as never,
      username: login.user,
      readyTimeout: 0,
      keepaliveInterval: login.keepaliveMs,
      keepaliveCountMax: 3,
      algorithms: { ...login.algorithms, serverHostKey: [...trust.algorithms] },
      hostVerifier: hostVerifier(trust, progress),
      authHandler: offerMethods(login, progress),
      debug: progress.words.report,
    });
    const client = ssh.connection;
    // node-ssh takes its own listener away after the login, and an 'error' without one ends the process.
    client?.on('error', (error: SshError) => {
      if (error.level !== 'agent') progress.error = error;
    });
    client?.on('banner', progress.words.banner);
    const offer = serverOffer(socket);
    progress.offered = offer.lists;
    const at = { login: where, user: login.user };
    let finished = false;
    const finish = (attempt: Attempt) => {
      if (finished) return;
      finished = true;
      stop();
      if (attempt.end !== 'connected') socket.destroy();
      resolve(attempt);
    };
    const stop = onAbort(signal, () =>
      finish({ end: 'failed', early: false, failure: { kind: 'cancelled', phase: 'connect' } }),
    );
    client?.on('handshake', () => {
      progress.handshaken = true;
    });
    client?.on('ready', () =>
      finish({ end: 'connected', hop: established(ssh, client, socket, offer.ident(), at, progress) }),
    );
    client?.on('close', () => finish(explain(progress, at)));
    connecting.catch((error: SshError) => {
      // A failing agent is only one method that did not work; ssh2 goes on to the next.
      if (error.level === 'agent') return;
      progress.error ??= error;
      finish(explain(progress, at));
    });
  });
}

type SshError = Error & { readonly level?: string; readonly code?: string | number };

type Progress = {
  handshaken: boolean;
  /** Login methods that the server turned down. */
  refusals: number;
  readonly words: ServerWords;
  keyRefusal: Failure | null;
  /** Whether a later exchange of keys presented another host key than the first. */
  otherKey: boolean;
  error: SshError | null;
  /** What the server offered, once it has. */
  offered: () => OfferedLists | null;
};

/**
 * The first exchange of keys is judged by what is known of the host. Later ones, when a server renews keys in the middle
 * of its work, must present the key of the first, and are answered at once: the SSH library goes on writing data while
 * it waits for an answer, which servers take for an attack.
 */
export function hostVerifier(trust: Pick<Trust, 'refusal'>, progress: Pick<Progress, 'keyRefusal' | 'otherKey'>) {
  let trusted: Buffer | null = null;
  return (blob: Buffer, verify: (accept: boolean) => void): void => {
    if (trusted !== null) {
      progress.otherKey = !trusted.equals(blob);
      verify(!progress.otherKey);
      return;
    }
    trust.refusal(blob).then(
      (refusal) => {
        progress.keyRefusal = refusal;
        if (refusal === null) trusted = Buffer.from(blob);
        verify(refusal === null);
      },
      () => verify(false),
    );
  };
}

function offerMethods({ user, methods }: Login, progress: Progress) {
  const left: AnyAuthMethod[] = methods.length > 0 ? [...methods] : [{ type: 'none', username: user }];
  return (accepts: AuthenticationType[] | null, _partial: boolean | null, next: NextAuthHandler) => {
    if (accepts !== null) progress.refusals += 1;
    const method = accepts === null || accepts.includes('publickey') ? left.shift() : undefined;
    next(method ?? (false as never));
  };
}

function established(
  ssh: NodeSSH,
  client: Client,
  socket: Duplex,
  ident: string,
  at: Pick<Hop, 'login' | 'user'>,
  progress: Progress,
): Hop {
  let gone = false;
  const listeners = new Set<() => void>();
  client.on('close', () => {
    gone = true;
    for (const listener of listeners) listener();
  });
  const lost = () => {
    if (!gone) return null;
    if (progress.otherKey) return 'the host presented another host key when keys were renewed, and was refused';
    return progress.error?.message ?? 'the other side closed the connection';
  };
  const onLost = (listener: () => void) => {
    if (gone) queueMicrotask(listener);
    else listeners.add(listener);
    return () => listeners.delete(listener);
  };
  const close = (wait: boolean) =>
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
      // A tunnel ends with the connection that it goes through.
      if (!wait && socket instanceof Socket) socket.destroySoon();
    });
  return { ssh, client, ident, ...at, words: progress.words, lost, onLost, close };
}

function explain(progress: Progress, at: Pick<Hop, 'login' | 'user'>): Attempt {
  const where = at.login;
  const { error, keyRefusal, words } = progress;
  const failed = (failure: Failure, early: boolean): Attempt => ({ end: 'failed', failure, early });
  if (keyRefusal !== null) return failed(keyRefusal, false);
  const message = error?.message ?? 'the connection was closed';
  if (error?.level === 'client-authentication' || progress.refusals > 0 || /Too many authentication/i.test(message)) {
    const wants = words.accepts() ?? ['publickey'];
    const lack = wants.includes('publickey') ? null : { wants, besides: words.knowsKey() };
    const only = lack === null || lack.besides ? '' : `; the host accepts only ${wants.join(', ')}`;
    const detail = lack?.besides
      ? `a key was accepted, and is not enough`
      : `${/Too many authentication/i.test(message) ? 'too many keys were offered' : 'none was accepted'}${only}`;
    return { end: 'refused-login', detail, lack };
  }
  if (words.afterKey() !== '') {
    const signs = { reached: 'key', said: words.afterKey(), status: null, keyLine: words.keyLine() } as const;
    return failed(loginTrouble(at, signs), false);
  }
  if (/no matching/i.test(message)) {
    const lists = progress.offered();
    const offered = lists === null ? null : listIn(message, lists);
    const offers = offered === null ? '' : `; the host offers only ${offered.join(', ')}`;
    return failed(
      { kind: 'unsupported', needs: `an SSH algorithm in common with ${where}: ${message}${offers}` },
      false,
    );
  }
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
