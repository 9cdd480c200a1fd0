import type { Algorithms } from 'ssh2';
import { fail, ok, type Result } from '../model/outcome.ts';
import type { AlgorithmLimits } from '../model/target.ts';
import { type HostKeyAlgorithm, hostKeyAlgorithms, type KnownKeys } from './host-keys/host-key.ts';

/** What of the SSH library's settings chooses algorithms; host keys are chosen by what is known of the host. */
export type AlgorithmChoice = Pick<Algorithms, 'kex' | 'cipher' | 'hmac'>;

export type HostKeyChoice = HostKeyAlgorithm | 'ssh-rsa';

/** What the SSH library can do, in the names of ssh_config(5). */
const KEX = [
  'curve25519-sha256',
  'curve25519-sha256@libssh.org',
  'ecdh-sha2-nistp256',
  'ecdh-sha2-nistp384',
  'ecdh-sha2-nistp521',
  'diffie-hellman-group14-sha256',
  'diffie-hellman-group15-sha512',
  'diffie-hellman-group16-sha512',
  'diffie-hellman-group17-sha512',
  'diffie-hellman-group18-sha512',
  'diffie-hellman-group-exchange-sha256',
  'diffie-hellman-group14-sha1',
  'diffie-hellman-group-exchange-sha1',
  'diffie-hellman-group1-sha1',
];
const CIPHERS = [
  'aes128-gcm@openssh.com',
  'aes256-gcm@openssh.com',
  'aes128-ctr',
  'aes192-ctr',
  'aes256-ctr',
  'chacha20-poly1305@openssh.com',
  'aes256-cbc',
  'aes192-cbc',
  'aes128-cbc',
  '3des-cbc',
];
const MACS = [
  'hmac-sha2-256-etm@openssh.com',
  'hmac-sha2-512-etm@openssh.com',
  'hmac-sha1-etm@openssh.com',
  'hmac-sha2-256',
  'hmac-sha2-512',
  'hmac-sha1',
  'hmac-sha1-96',
  'hmac-md5',
  'hmac-md5-96',
];

/** Ciphers that authenticate what they carry, so that no MAC is agreed on. */
const isAuthenticated = (cipher: string) => /-gcm@|^chacha20-/.test(cipher);

/** A group exchange costs a second of CPU, so it comes last, and where nothing limits the choice not at all. */
const UNLIMITED: AlgorithmChoice = {
  kex: { remove: ['diffie-hellman-group-exchange-sha256'], append: [], prepend: [] },
};

/** The algorithms to ask for within the operator's limits; a failure says which limit leaves none. */
export function chosenAlgorithms(limits: AlgorithmLimits | undefined): Result<AlgorithmChoice, string> {
  if (limits === undefined) return ok(UNLIMITED);
  const { kex, ciphers, macs } = limits;
  const slow = (name: string) => name.includes('group-exchange');
  const kexes = kex && within(kex, KEX).toSorted((a, b) => Number(slow(a)) - Number(slow(b)));
  const hmac = macs && within(macs, MACS);
  const all = ciphers && within(ciphers, CIPHERS);
  // Without a MAC in common only what needs none is left.
  const cipher = hmac?.length === 0 ? (all ?? CIPHERS.slice(0, 6)).filter(isAuthenticated) : all;
  if (kex && kexes?.length === 0) return fail(noneOf('KexAlgorithms', kex, KEX));
  if (ciphers && all?.length === 0) return fail(noneOf('Ciphers', ciphers, CIPHERS));
  if (macs && cipher?.length === 0) return fail(noneOf('MACs', macs, MACS));
  return ok({
    ...(kexes === undefined ? UNLIMITED : { kex: kexes as never }),
    ...(cipher === undefined ? {} : { cipher: cipher as never }),
    ...(hmac === undefined || hmac.length === 0 ? {} : { hmac: hmac as never }),
  });
}

/** Host key algorithms, those of known keys first, within the operator's limit. */
export function chosenHostKeys(
  known: KnownKeys,
  limits: AlgorithmLimits | undefined,
): Result<readonly HostKeyChoice[], string> {
  const { hostKeys } = limits ?? {};
  if (hostKeys === undefined) return ok(hostKeyAlgorithms(known));
  // SHA-1 is for the operator to ask for, and comes last.
  const able: readonly HostKeyChoice[] = [...hostKeyAlgorithms(known), 'ssh-rsa'];
  const left = able.filter((name) => hostKeys.includes(name));
  return left.length > 0 ? ok(left) : fail(noneOf('HostKeyAlgorithms', hostKeys, able));
}

const within = (limit: readonly string[], able: readonly string[]) => limit.filter((name) => able.includes(name));

const noneOf = (setting: string, limit: readonly string[], able: readonly string[]) =>
  `an SSH algorithm that ${setting} of the SSH configuration allows (${limit.join(', ')}), and fleet has only ${able.join(', ')}`;
