import { join } from 'node:path';
import type { Connection } from '../model/target.ts';

type Where = {
  /** Where the files are put. */
  readonly folder: string;
  /** Where keys are looked for where the configuration names no file. */
  readonly homeKnownHosts: string;
  /** Whether the key of a host that is not known yet is taken, and remembered. */
  readonly acceptNew: boolean;
};

/**
 * A connection and the hops on its way, in the words of ssh_config: nothing of the operator's own configuration is read
 * besides, since the connection has it already. Pinned keys are put into a file, and count alone, as they do for fleet.
 * @param name by which ssh is to be called @throws Unwritable
 */
export function sshConfigOf(
  name: string,
  connection: Connection,
  where: Where,
): readonly { readonly path: string; readonly text: string }[] {
  const hops = [...connection.jump, connection];
  const names = hops.map((_, i) => (i === hops.length - 1 ? name : `fleet-hop-${i}`));
  const pinned = hops.map((hop, i) => ({ hop, path: join(where.folder, `known_hosts.${i}`) }));
  const blocks = hops.map((hop, i) => block(names[i] ?? '', hop, names[i - 1], pinned[i]?.path ?? '', where));
  return [
    { path: join(where.folder, 'config'), text: blocks.join('\n') },
    ...pinned.flatMap(({ hop, path }) => (hop.hostKeys.length === 0 ? [] : [{ path, text: pins(hop) }])),
  ];
}

/** A name that ssh looks a key up by. */
function keyName({ hostKeyAlias, address, port }: Connection): string {
  if (hostKeyAlias !== null) return hostKeyAlias;
  return port === 22 ? address : `[${address}]:${port}`;
}

const pins = (hop: Connection) => hop.hostKeys.map((key) => `${keyName(hop)} ${key}\n`).join('');

function block(name: string, hop: Connection, via: string | undefined, pinFile: string, where: Where): string {
  const pinned = hop.hostKeys.length > 0;
  const known = hop.knownHostsFiles.length > 0 ? hop.knownHostsFiles : [where.homeKnownHosts];
  const { algorithms = {} } = hop;
  const lists: readonly (readonly [string, readonly string[] | undefined])[] = [
    ['KexAlgorithms', algorithms.kex],
    ['HostKeyAlgorithms', algorithms.hostKeys],
    ['Ciphers', algorithms.ciphers],
    ['MACs', algorithms.macs],
  ];
  const lines: readonly (readonly [string, string] | null)[] = [
    ['HostName', quoted(hop.address)],
    ['Port', String(hop.port)],
    ['User', quoted(hop.user)],
    ...hop.identityFiles.map((file) => ['IdentityFile', quoted(file)] as const),
    ['IdentitiesOnly', hop.identitiesOnly ? 'yes' : 'no'],
    ['IdentityAgent', hop.agent === null ? 'none' : quoted(hop.agent)],
    ['StrictHostKeyChecking', where.acceptNew && !pinned ? 'accept-new' : 'yes'],
    ['UserKnownHostsFile', pinned ? quoted(pinFile) : known.map(quoted).join(' ')],
    ['GlobalKnownHostsFile', '/dev/null'],
    hop.hostKeyAlias === null ? null : ['HostKeyAlias', quoted(hop.hostKeyAlias)],
    hop.revokedHostKeys === null ? null : ['RevokedHostKeys', quoted(hop.revokedHostKeys)],
    via === undefined ? null : ['ProxyJump', via],
    hop.family === undefined ? null : ['AddressFamily', hop.family === 4 ? 'inet' : 'inet6'],
    ['ConnectTimeout', String(Math.ceil((hop.connectTimeoutMs ?? 15_000) / 1000))],
    ...lists.map(([key, words]) => (words === undefined ? null : ([key, words.join(',')] as const))),
  ];
  return [`Host ${name}\n`, ...lines.flatMap((line) => (line === null ? [] : [`  ${line.join(' ')}\n`]))].join('');
}

/** Why a word cannot stand in ssh_config: what follows it would be another setting, which may be a command. */
export class Unwritable extends Error {}

/** A word of ssh_config: % begins a token there. @throws Unwritable */
function quoted(word: string): string {
  if (/["\p{Cc}]/u.test(word)) throw new Unwritable(`${JSON.stringify(word)} has a quote or a control character in it`);
  return `"${word.replaceAll('%', '%%')}"`;
}
