import { join } from 'node:path';
import type { Failure, Result } from '../../src/model/outcome.ts';
import type { Connection } from '../../src/model/target.ts';
import { type ConnectOptions, connector } from '../../src/transport/connect.ts';
import type { Transport } from '../../src/transport/transport.ts';

export const never = () => new AbortController().signal;

export function connectionTo(to: { port: number; user: string } & Partial<Connection>): Connection {
  return {
    address: '127.0.0.1',
    identityFiles: [],
    identitiesOnly: true,
    agent: null,
    hostKeys: [],
    knownHostsFiles: [],
    revokedHostKeys: null,
    hostKeyAlias: null,
    jump: [],
    become: 'none',
    ...to,
  };
}

export function optionsIn(dir: string, more: Partial<ConnectOptions> = {}): ConnectOptions {
  return {
    acceptNew: false,
    accepted: { keys: new Map(), judged: Promise.resolve() },
    becomePassword: () => Promise.resolve(null),
    passphrase: () => Promise.resolve(null),
    connectTimeoutMs: 5000,
    keepaliveMs: 10_000,
    retries: 0,
    homeKnownHosts: join(dir, 'accepted_hosts'),
    ...more,
  };
}

export async function connect(
  connection: Connection,
  options: ConnectOptions,
  signal = never(),
): Promise<Result<Transport>> {
  return connector(connection, options)(signal);
}

export function valueIn<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`unexpected failure: ${JSON.stringify(result.failure)}`);
}

export function failureIn(result: Result<unknown>): Failure {
  if (!result.ok) return result.failure;
  throw new Error(`unexpected success: ${JSON.stringify(result.value)}`);
}

/** A link to a server with its key pinned, logged in with the key that the server knows. */
export async function connected(
  server: {
    readonly dir: string;
    readonly port: number;
    readonly user: string;
    readonly key: { readonly file: string };
    readonly hostKeys: readonly string[];
  },
  more: Partial<Connection> = {},
  options: Partial<ConnectOptions> = {},
): Promise<Transport> {
  const connection = connectionTo({
    port: server.port,
    user: server.user,
    identityFiles: [server.key.file],
    hostKeys: server.hostKeys,
    ...more,
  });
  return valueIn(await connect(connection, optionsIn(server.dir, options)));
}
