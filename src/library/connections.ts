import { join } from 'node:path';
import type { Secret } from '../model/secret.ts';
import type { HostTarget } from '../model/target.ts';
import { type ConnectOptions, connector, startGate } from '../transport/connect.ts';
import type { Connect } from '../transport/transport.ts';
import { once } from '../util/async.ts';
import type { World } from './open.ts';
import type { Options } from './options.ts';

/** Makes connections for a run: what all of them share is decided and asked here, once. */
export function connections(
  { project, becomePassword, passphrase, accepted }: World,
  { acceptNew = false, shard, onNote = () => {} }: Options,
  retries = 2,
): (target: HostTarget) => Connect {
  const ask = once<Secret | null>();
  const options: Omit<ConnectOptions, 'homeKnownHosts'> = {
    ...{ acceptNew, accepted },
    becomePassword: () => ask('sudo', becomePassword),
    passphrase,
    connectTimeoutMs: 15_000,
    keepaliveMs: 10_000,
    retries,
    startGate: startGate(shard?.of),
  };
  const usual = join(project.invoker.home, '.ssh', 'known_hosts');
  // A key is remembered where it will be looked for.
  return ({ host, connection }) =>
    connector(connection, {
      ...options,
      homeKnownHosts: connection.knownHostsFiles[0] ?? usual,
      onNote: (text) => onNote(`${host}: ${text}`),
    });
}
