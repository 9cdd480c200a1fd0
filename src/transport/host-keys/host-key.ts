import { createHash } from 'node:crypto';
import { type KnownHost, matchesHost } from './known-hosts.ts';
import type { Revoked } from './revoked.ts';

/** A host's public key as it was presented, before any login. */
export type PresentedKey = { readonly type: string; readonly base64: string; readonly fingerprint: string };

/** What is known about one host's keys. */
export type KnownKeys = {
  readonly name: string;
  /** The address without its port: OpenSSH falls back to it when `[address]:port` has no entry. */
  readonly plainName: string;
  /** `type base64`; beats the known_hosts lines when there is any. */
  readonly pinned: readonly string[];
  readonly lines: readonly KnownHost[];
  readonly revoked: Revoked;
};

export type HostKeyVerdict =
  | { readonly verdict: 'accepted' }
  | { readonly verdict: 'unknown'; readonly certificateAuthority: boolean }
  | { readonly verdict: 'changed'; readonly known: readonly string[] }
  | { readonly verdict: 'revoked'; readonly where: string };

export function presentedKey(blob: Buffer): PresentedKey {
  const length = blob.length >= 4 ? blob.readUInt32BE(0) : 0;
  const hash = createHash('sha256').update(blob).digest('base64').replace(/=+$/, '');
  return {
    type: blob.toString('latin1', 4, 4 + length),
    base64: blob.toString('base64'),
    fingerprint: `SHA256:${hash}`,
  };
}

/** Decides as OpenSSH does with StrictHostKeyChecking=yes; a revoked key is refused even when it is pinned. */
export function judgeHostKey(presented: PresentedKey, known: KnownKeys): HostKeyVerdict {
  const own = known.lines.filter((line) => matchesHost(line.hosts, known.name));
  const plain =
    known.name === known.plainName ? [] : known.lines.filter((line) => matchesHost(line.hosts, known.plainName));
  const same = (line: KnownHost) => line.type === presented.type && line.key === presented.base64;
  const listed = known.revoked(Buffer.from(presented.base64, 'base64'));
  if (listed !== null) return { verdict: 'revoked', where: listed };
  const revoked = [...own, ...plain].find((line) => line.marker === '@revoked' && same(line));
  if (revoked !== undefined) return { verdict: 'revoked', where: revoked.where };
  if (known.pinned.length > 0) {
    const match = known.pinned.some((key) => keyOf(key) === `${presented.type} ${presented.base64}`);
    return match ? { verdict: 'accepted' } : { verdict: 'changed', known: ['the pinned hostKey'] };
  }
  const keys = own.filter((line) => line.marker === '');
  if (keys.some(same)) return { verdict: 'accepted' };
  if (keys.length > 0) return { verdict: 'changed', known: keys.map((line) => `${line.type} in ${line.where}`) };
  if (plain.some((line) => line.marker === '' && same(line))) return { verdict: 'accepted' };
  return {
    verdict: 'unknown',
    certificateAuthority: [...own, ...plain].some((line) => line.marker === '@cert-authority'),
  };
}

/**
 * Signature algorithms to ask for, those of known keys first: a server picks the client's first, and a key of a type
 * that is not recorded would look like a changed one. SHA-1 signatures (`ssh-rsa`) are not offered.
 */
export function hostKeyAlgorithms(known: KnownKeys): readonly HostKeyAlgorithm[] {
  const types = known.pinned.length > 0 ? known.pinned.map((key) => key.trim().split(/\s+/)[0]) : knownTypes(known);
  const preferred = ALGORITHMS.filter((algorithm) =>
    types.includes(algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm),
  );
  return [...preferred, ...ALGORITHMS.filter((algorithm) => !preferred.includes(algorithm))];
}

export type HostKeyAlgorithm = (typeof ALGORITHMS)[number];
const ALGORITHMS = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'rsa-sha2-512',
  'rsa-sha2-256',
] as const;

function knownTypes(known: KnownKeys): readonly string[] {
  const typesOf = (name: string) =>
    known.lines.filter((line) => line.marker === '' && matchesHost(line.hosts, name)).map((line) => line.type);
  const own = typesOf(known.name);
  return own.length > 0 ? own : typesOf(known.plainName);
}

function keyOf(pinned: string): string {
  return pinned.trim().split(/\s+/).slice(0, 2).join(' ');
}
