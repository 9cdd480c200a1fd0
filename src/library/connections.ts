import { join } from 'node:path';
import type { Secret } from '../model/secret.ts';
import type { HostTarget } from '../model/target.ts';
import { type ConnectOptions, connector, startGate } from '../transport/connect.ts';
import type { Connect } from '../transport/transport.ts';
import { once } from '../util/async.ts';
import { askSecret, type Turn } from './ask.ts';
import type { CliContext, HostFlags } from './context.ts';

/** Makes connections for a run: what all of them share is decided and asked here, once. @param turn keeps questions apart */
export function connections(
  flags: HostFlags,
  context: CliContext,
  note: (text: string) => void,
  turn: Turn,
  retries = 2,
): (target: HostTarget) => Connect {
  const ask = once<Secret | null>();
  const options: Omit<ConnectOptions, 'homeKnownHosts'> = {
    acceptNew: flags.acceptNew === true,
    becomePassword: async () =>
      context.becomePassword ??
      ask('sudo', () => turn(() => askSecret('sudo password on the hosts: ', 'sudo password', context))),
    passphrase: (file) => turn(() => askSecret(`passphrase of ${file}: `, 'passphrase', context)),
    connectTimeoutMs: 15_000,
    keepaliveMs: 10_000,
    retries,
    startGate: startGate(flags.shard?.of),
  };
  const usual = join(context.invoker.home, '.ssh', 'known_hosts');
  // A key is remembered where it will be looked for.
  return ({ host, connection }) =>
    connector(connection, {
      ...options,
      homeKnownHosts: connection.knownHostsFiles[0] ?? usual,
      onNote: (text) => note(`${host}: ${text}`),
    });
}
