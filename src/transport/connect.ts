import type { Duplex } from 'node:stream';
import { type Failure, fail, ok, type Result } from '../model/outcome.ts';
import type { Connection } from '../model/target.ts';
import { type Credentials, credentials, unlockAll } from './credentials.ts';
import { type Deadline, deadline, pause } from './deadline.ts';
import { type Attempt, type Hop, handshake } from './hop.ts';
import { type Link, link } from './link.ts';
import type { ConnectOptions } from './options.ts';
import { type Privilege, privilege } from './privilege.ts';
import { startGate } from './slots.ts';
import { openSocket, type SocketFailure } from './socket.ts';
import { sshTransport } from './ssh-transport.ts';
import type { Connect } from './transport.ts';
import { trust } from './trust.ts';
import { openTunnel } from './tunnel.ts';

export type { ConnectOptions } from './options.ts';
export { startGate } from './slots.ts';

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
    const reached = await walk(connection.jump, connection, options, signal);
    if (reached.ok) return reached;
    if (!reached.failure.early || attempt >= options.retries || signal.aborted)
      return fail(signal.aborted ? CANCELLED : reached.failure.failure);
    await pause(2 ** attempt * 200 * (0.5 + Math.random()), signal);
  }
}

const CANCELLED: Failure = { kind: 'cancelled', phase: 'connect' };
type Stopped = { readonly failure: Failure; readonly early: boolean };

async function walk(
  chain: readonly Connection[],
  target: Connection,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Result<Link, Stopped>> {
  const hops: Hop[] = [];
  for (const connection of chain) {
    const passed = await reach(connection, hops.at(-1) ?? null, options, signal);
    if (!passed.ok) return retreat(hops, onTheWay(passed.failure));
    hops.push(passed.value);
  }
  const reached = await reach(target, hops.at(-1) ?? null, options, signal);
  return reached.ok ? ok(link(reached.value, hops)) : retreat(hops, reached.failure);
}

/** The run is about the host at the end: a person must not look for the trouble there. */
function onTheWay({ failure, early }: Stopped): Stopped {
  return {
    early,
    failure: 'detail' in failure ? { ...failure, detail: `at the jump host: ${failure.detail}` } : failure,
  };
}

async function retreat(hops: readonly Hop[], stopped: Stopped): Promise<Result<Link, Stopped>> {
  for (const hop of [...hops].reverse()) await hop.close();
  return fail(stopped);
}

/** One hop: a login with the keys at hand, and once more with the encrypted ones when those were turned down. */
async function reach(
  connection: Connection,
  via: Hop | null,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Result<Hop, Stopped>> {
  const plain = await credentials(connection);
  const onlyLocked = plain.methods.length === 0 && plain.locked.length > 0;
  const first = onlyLocked ? await unlocked(connection, plain, options) : plain;
  const attempt = await knock(connection, first, via, options, signal);
  if (attempt.end !== 'refused-login' || onlyLocked || plain.locked.length === 0)
    return settle(attempt, connection, first);
  const second = await unlocked(connection, plain, options);
  return settle(await knock(connection, second, via, options, signal), connection, second);
}

async function unlocked(
  connection: Connection,
  { locked }: Credentials,
  options: ConnectOptions,
): Promise<Credentials> {
  await unlockAll(locked, options.passphrase);
  return credentials(connection);
}

function settle(attempt: Attempt, connection: Connection, { tried, problems }: Credentials): Result<Hop, Stopped> {
  switch (attempt.end) {
    case 'connected':
      return ok(attempt.hop);
    case 'failed':
      return fail({ failure: attempt.failure, early: attempt.early });
    case 'refused-login': {
      const others = problems.length === 0 ? '' : ` (${problems.join('; ')})`;
      const cure = `put a public key into ~${connection.user}/.ssh/authorized_keys there, or name the right one as identityFile`;
      const detail = `${named(connection)} refused the login: ${attempt.detail}; tried ${tried}${others}. To cure it, ${cure}`;
      return fail({ failure: { kind: 'auth-refused', detail }, early: false });
    }
  }
}

/** One TCP connection and one handshake, within the time for one attempt. */
async function knock(
  connection: Connection,
  { methods }: Credentials,
  via: Hop | null,
  options: ConnectOptions,
  signal: AbortSignal,
): Promise<Attempt> {
  const where = named(connection);
  const judge = await trust(connection, options);
  if ('kind' in judge) return { end: 'failed', failure: judge, early: false };
  const leave = await (options.startGate ?? sharedGate)(`${connection.address}:${connection.port}`, signal);
  if (leave === null) return { end: 'failed', failure: CANCELLED, early: false };
  using limit = deadline(signal, options.connectTimeoutMs, 'connect', 'connect');
  try {
    const socket = await dialHop(connection, via, limit.signal);
    const attempt: Attempt = socket.ok
      ? await handshake(
          socket.value,
          where,
          judge,
          { user: connection.user, methods, keepaliveMs: options.keepaliveMs },
          limit.signal,
        )
      : {
          end: 'failed',
          failure: { kind: 'unreachable', detail: `${where}: ${socket.failure.detail}` },
          early: socket.failure.early,
        };
    return attempt.end !== 'connected' && limit.signal.aborted ? givenUp(limit, where, options) : attempt;
  } finally {
    leave();
  }
}

function givenUp(limit: Deadline, where: string, { connectTimeoutMs }: ConnectOptions): Attempt {
  const timedOut = limit.failure().kind === 'timed-out';
  const detail = `${where} did not answer within ${connectTimeoutMs / 1000} s`;
  return { end: 'failed', failure: timedOut ? { kind: 'unreachable', detail } : CANCELLED, early: false };
}

async function dialHop(
  connection: Connection,
  via: Hop | null,
  signal: AbortSignal,
): Promise<Result<Duplex, SocketFailure>> {
  const { address, port } = connection;
  if (via === null) return openSocket(address, port, signal);
  const tunnel = await openTunnel(via, address, port, signal);
  return tunnel instanceof Error
    ? fail({ detail: `the jump host could not reach it: ${tunnel.message}`, early: false })
    : ok(tunnel);
}

function named({ user, address, port }: Connection): string {
  return `${user}@${address}${port === 22 ? '' : ` port ${port}`}`;
}
