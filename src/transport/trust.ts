import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Failure } from '../model/outcome.ts';
import type { Connection } from '../model/target.ts';
import {
  type HostKeyVerdict,
  hostKeyAlgorithms,
  judgeHostKey,
  type KnownKeys,
  type PresentedKey,
  presentedKey,
} from './host-key.ts';
import { knownHostName, readKnownHosts } from './known-hosts.ts';
import type { ConnectOptions } from './options.ts';

/** Decides about one hop's host key, before any login. */
export type Trust = {
  readonly algorithms: ReturnType<typeof hostKeyAlgorithms>;
  /** null when the key is trusted; everything that could not be decided is a refusal. */
  readonly refusal: (blob: Buffer) => Promise<Failure | null>;
};

/** Keys that this process accepted on first use, so that the next connection must see the same one. */
const acceptedHere = new Map<string, string>();

export async function trust(connection: Connection, options: ConnectOptions): Promise<Trust | Failure> {
  const name = knownHostName(connection.address, connection.port, connection.hostKeyAlias);
  const files = [...new Set([...connection.knownHostsFiles, ...(options.acceptNew ? [options.homeKnownHosts] : [])])];
  const lines = await readKnownHosts(files);
  // A pinned key decides by itself; without one, a file that cannot be read might have held the refusal.
  if (!lines.ok && connection.hostKeys.length === 0) {
    return {
      kind: 'host-key-unknown',
      detail: `${lines.failure}, so the key of ${name} cannot be checked`,
      presented: '',
    };
  }
  const remembered = acceptedHere.get(`${options.homeKnownHosts} ${name}`);
  const known: KnownKeys = {
    name,
    plainName: connection.hostKeyAlias === null ? connection.address.toLowerCase() : name,
    pinned: connection.hostKeys.length === 0 && remembered !== undefined ? [remembered] : connection.hostKeys,
    lines: lines.ok ? lines.value : [],
  };
  const refusal = async (blob: Buffer) => {
    const key = presentedKey(blob);
    const verdict = judgeHostKey(key, known);
    if (verdict.verdict === 'accepted') return null;
    if (verdict.verdict !== 'unknown' || !options.acceptNew) return failureOf(verdict, key, name, files);
    await remember(name, key, options);
    return null;
  };
  return { algorithms: hostKeyAlgorithms(known), refusal };
}

function failureOf(
  verdict: Exclude<HostKeyVerdict, { verdict: 'accepted' }>,
  key: PresentedKey,
  name: string,
  files: readonly string[],
): Failure {
  const presented = `${key.type} ${key.base64}`;
  switch (verdict.verdict) {
    case 'revoked':
      return { kind: 'host-key-revoked', presented, detail: `${verdict.where} marks it as revoked for ${name}` };
    case 'changed':
      return {
        kind: 'host-key-changed',
        presented,
        detail: `known for ${name}: ${verdict.known.join(', ')}`,
      };
    case 'unknown': {
      const authority = verdict.certificateAuthority
        ? ' (there is a @cert-authority line, but host certificates cannot be checked here)'
        : '';
      return {
        kind: 'host-key-unknown',
        presented,
        detail: `no key of ${name} stands in ${files.join(', ') || 'any known_hosts file'}${authority}`,
      };
    }
  }
}

async function remember(name: string, key: PresentedKey, options: ConnectOptions): Promise<void> {
  const file = options.homeKnownHosts;
  const line = `${name} ${key.type} ${key.base64}`;
  acceptedHere.set(`${file} ${name}`, `${key.type} ${key.base64}`);
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const before = await readFile(file, 'utf8').catch(() => '');
    if (before.split('\n').includes(line)) return;
    await appendFile(file, `${before === '' || before.endsWith('\n') ? '' : '\n'}${line}\n`, { mode: 0o600 });
    options.onNote?.(`trusted ${name} on first use: ${key.type} ${key.fingerprint}, recorded in ${file}`);
  } catch (error) {
    options.onNote?.(`trusted ${name} on first use: ${key.type} ${key.fingerprint}; NOT recorded: ${String(error)}`);
  }
}
