import type { Duplex } from 'node:stream';
import { type Failure, fail, ok, type Result } from '../model/outcome.ts';
import type { Connection } from '../model/target.ts';
import { pause } from '../util/async.ts';
import { chosenAlgorithms } from './algorithms.ts';
import { type Credentials, credentials, unlockAll } from './auth/credentials.ts';
import { type Deadline, deadline } from './deadline.ts';
import { type Privilege, privilege } from './exec/privilege.ts';
import { runScript } from './exec/script.ts';
import { trust } from './host-keys/trust.ts';
import type { ConnectOptions } from './options.ts';
import { dial } from './ssh2/dial.ts';
import { type Attempt, type Hop, handshake } from './ssh2/hop.ts';
import { type Link, link } from './ssh2/link.ts';
import { openSocket, type SocketFailure } from './ssh2/socket.ts';
import { isProhibited, noForwarding, openTunnel } from './ssh2/tunnel.ts';
import { startGate } from './start-gate.ts';
import { sync, unpack } from './sync/sync.ts';
import type { Connect, Transport } from './transport.ts';

export type { ConnectOptions } from './options.ts';
export { startGate } from './start-gate.ts';

const sharedGate = startGate();

/** How to reach one host; what is learned about sudo there is kept for later connections of the same run. */
export function connector(connection: Connection, options: ConnectOptions): Connect {
  const learned: Privilege = privilege(connection.become, connection.user, options);
  return async (signal) => {
    const opened = await openLink(connection, options, signal);
    return opened.ok ? ok(sshTransport(opened.value, learned)) : opened;
  };
}

/** Connects hop by hop; each hop's host key is verified before its login. */
async function openLink(connection: Connection, options: ConnectOptions, signal: AbortSignal): Promise<Result<Link>> {
  for (let attempt = 0; ; attempt += 1) {
    const reached = await connectChain(connection.jump, connection, options, signal);
    if (reached.ok) return reached;
    if (!reached.failure.early || attempt >= options.retries || signal.aborted)
      return fail(signal.aborted ? CANCELLED : reached.failure.failure);
    await pause(2 ** attempt * 200 * (0.5 + Math.random()), signal);
  }
}

const CANCELLED: Failure = { kind: 'cancelled', phase: 'connect' };
type Stopped = { readonly failure: Failure; readonly early: boolean };

async function connectChain(
  chain: readonly Connection[],
  target: Connection,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Result<Link, Stopped>> {
  const hops: Hop[] = [];
  for (const connection of chain) {
    const passed = await connectHop(connection, hops.at(-1) ?? null, options, signal);
    if (!passed.ok) return closeHops(hops, onTheWay(passed.failure));
    hops.push(passed.value);
  }
  const reached = await connectHop(target, hops.at(-1) ?? null, options, signal);
  return reached.ok ? ok(link(reached.value, hops)) : closeHops(hops, reached.failure);
}

/** The run is about the host at the end: a person must not look for the trouble there. */
function onTheWay({ failure, early }: Stopped): Stopped {
  const at = 'at the jump host: ';
  if (failure.kind === 'login-unusable') return { early, failure: { ...failure, login: at + failure.login } };
  return { early, failure: 'detail' in failure ? { ...failure, detail: at + failure.detail } : failure };
}

async function closeHops(hops: readonly Hop[], stopped: Stopped): Promise<Result<Link, Stopped>> {
  for (const hop of [...hops].reverse()) await hop.close(true);
  return fail(stopped);
}

/** One hop: a login with the keys at hand, and once more with the encrypted ones when those were turned down. */
async function connectHop(
  connection: Connection,
  via: Hop | null,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Result<Hop, Stopped>> {
  const plain = await credentials(connection);
  const onlyLocked = plain.methods.length === 0 && plain.locked.length > 0;
  const first = onlyLocked ? await unlocked(connection, plain, options) : plain;
  const attempt = await attemptLogin(connection, first, via, options, signal);
  if (attempt.end !== 'refused-login' || attempt.lack !== null || onlyLocked || plain.locked.length === 0)
    return toResult(attempt, connection, first);
  const second = await unlocked(connection, plain, options);
  return toResult(await attemptLogin(connection, second, via, options, signal), connection, second);
}

async function unlocked(
  connection: Connection,
  { locked }: Credentials,
  options: ConnectOptions,
): Promise<Credentials> {
  await unlockAll(locked, options.passphrase);
  return credentials(connection);
}

function toResult(attempt: Attempt, connection: Connection, { tried, problems }: Credentials): Result<Hop, Stopped> {
  switch (attempt.end) {
    case 'connected':
      return ok(attempt.hop);
    case 'failed':
      return fail({ failure: attempt.failure, early: attempt.early });
    case 'refused-login': {
      const others = problems.length === 0 ? '' : ` (${problems.join('; ')})`;
      const detail = `${named(connection)} refused the login: ${attempt.detail}; tried ${tried}${others}`;
      if (attempt.lack !== null)
        return fail({ failure: { kind: 'auth-refused', detail, lack: attempt.lack }, early: false });
      const fix = `put a public key into ~${connection.user}/.ssh/authorized_keys there, or name the right one as identityFile`;
      return fail({ failure: { kind: 'auth-refused', detail: `${detail}. To fix it, ${fix}` }, early: false });
    }
  }
}

/** One TCP connection and one handshake, within the time for one attempt. */
async function attemptLogin(
  connection: Connection,
  { methods }: Credentials,
  via: Hop | null,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Attempt> {
  const where = named(connection);
  const judge = await trust(connection, options);
  if ('kind' in judge) return { end: 'failed', failure: judge, early: false };
  const algorithms = chosenAlgorithms(connection.algorithms);
  if (!algorithms.ok)
    return { end: 'failed', failure: { kind: 'unsupported', needs: algorithms.failure }, early: false };
  const leave = await (options.startGate ?? sharedGate)({ ...connection, over: via?.login ?? null }, signal);
  if (leave === null) return { end: 'failed', failure: CANCELLED, early: false };
  const timeoutMs = connection.connectTimeoutMs ?? options.connectTimeoutMs;
  using limit = deadline(signal, timeoutMs, 'connect', 'connect');
  try {
    const socket = await dialHop(connection, via, limit.signal);
    const attempt: Attempt = socket.ok
      ? await handshake(
          socket.value,
          where,
          judge,
          { user: connection.user, methods, keepaliveMs: options.keepaliveMs, algorithms: algorithms.value },
          limit.signal,
        )
      : notDialled(where, socket.failure);
    return attempt.end !== 'connected' && limit.signal.aborted ? givenUp(limit, where, timeoutMs) : attempt;
  } finally {
    leave();
  }
}

function notDialled(where: string, failure: SocketFailure | Failure): Attempt {
  if ('kind' in failure) return { end: 'failed', failure, early: false };
  const { detail, early } = failure;
  return { end: 'failed', failure: { kind: 'unreachable', detail: `${where}: ${detail}` }, early };
}

function givenUp(limit: Deadline, where: string, timeoutMs: number): Attempt {
  const timedOut = limit.failure().kind === 'timed-out';
  const detail = `${where} did not answer within ${timeoutMs / 1000} s`;
  return { end: 'failed', failure: timedOut ? { kind: 'unreachable', detail } : CANCELLED, early: false };
}

async function dialHop(
  connection: Connection,
  via: Hop | null,
  signal: AbortSignal,
): Promise<Result<Duplex, SocketFailure | Failure>> {
  const { address, port, family } = connection;
  if (via === null) return openSocket(address, port, signal, family);
  const tunnel = await openTunnel(via, address, port, signal);
  if (tunnel instanceof Error && isProhibited(tunnel)) return fail(noForwarding(via, 'jump', address, port));
  return tunnel instanceof Error
    ? fail({ detail: `the jump host could not reach it: ${tunnel.message}`, early: false })
    : ok(tunnel);
}

function named({ user, address, port }: Connection): string {
  return `${user}@${address}${port === 22 ? '' : ` port ${port}`}`;
}

/**
 * The transport over one SSH connection; disposing of it closes every hop. One that did more than to look may have taken the
 * host's lease, which lasts as long as the host takes the connection to last: the next run must find it free.
 */
function sshTransport(link: Link, privilege: Privilege): Transport {
  let runs = 0;
  return {
    noRoot: privilege.refusal,
    run(script, io) {
      runs += 1;
      return runScript(link, privilege, script, io);
    },
    ahead: () => privilege.ahead(link),
    unpack: (parts, into, io) => unpack(link, privilege, parts, into, io),
    sync: (request, method, io) => sync(link, privilege, request, method, io),
    dial: (host, port, io) => dial(link, host, port, io),
    [Symbol.asyncDispose]: () => link.close(runs > 1),
  };
}
