import { createHmac } from 'node:crypto';
import { NotAFile, readLocalText } from '../../local/file.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import { wildcardPattern } from '../../util/glob.ts';

/** One line of a known_hosts file (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). */
export type KnownHost = {
  readonly marker: '' | '@revoked' | '@cert-authority';
  readonly hosts: string;
  readonly type: string;
  readonly key: string;
  /** `file:line`, for messages. */
  readonly where: string;
};

/** The name a host is looked up by: `[address]:port` unless the port is 22; an alias stands alone. */
export function knownHostName(address: string, port: number, alias: string | null): string {
  if (alias !== null) return alias.toLowerCase();
  const name = address.toLowerCase();
  return port === 22 ? name : `[${name}]:${port}`;
}

export function parseKnownHosts(text: string, file: string): readonly KnownHost[] {
  return text.split('\n').flatMap((line, index) => {
    const words = line.trim().split(/\s+/);
    const marker = words[0] === '@revoked' || words[0] === '@cert-authority' ? words[0] : '';
    const [hosts, type, key] = marker === '' ? words : words.slice(1);
    if (
      hosts === undefined ||
      hosts.startsWith('#') ||
      hosts.startsWith('@') ||
      type === undefined ||
      key === undefined ||
      !isPublicKey(type, key)
    )
      return [];
    return [{ marker, hosts, type, key, where: `${file}:${index + 1}` }];
  });
}

/** Fields of each type's public key after its name, with the length of those that have one (RFC 4253, 5656, PROTOCOL.u2f). */
const FIELDS: Readonly<Record<string, readonly (number | null)[]>> = {
  'ssh-ed25519': [32],
  'ssh-rsa': [null, null],
  'ssh-dss': [null, null, null, null],
  'ecdsa-sha2-nistp256': [8, 65],
  'ecdsa-sha2-nistp384': [8, 97],
  'ecdsa-sha2-nistp521': [8, 133],
  'sk-ssh-ed25519@openssh.com': [32, null],
  'sk-ecdsa-sha2-nistp256@openssh.com': [8, 65, null],
};

/** Whether a line's key can be read at all: ssh passes over those that cannot, such as the ones of version 1. */
function isPublicKey(type: string, base64: string): boolean {
  const fields = FIELDS[type];
  if (fields === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) return false;
  const blob = Buffer.from(base64, 'base64');
  let at = 0;
  const next = (): Buffer | null => {
    const length = at + 4 <= blob.length ? blob.readUInt32BE(at) : blob.length;
    const field = at + 4 + length <= blob.length ? blob.subarray(at + 4, at + 4 + length) : null;
    at += 4 + length;
    return field;
  };
  if (next()?.toString('latin1') !== type) return false;
  const whole = fields.every((wanted) => {
    const field = next();
    return field !== null && field.length > 0 && (wanted === null || field.length === wanted);
  });
  return whole && at === blob.length;
}

/** All lines of all files. A file that is missing has no lines; one that cannot be read is a failure, never "no lines". */
export async function readKnownHosts(files: readonly string[]): Promise<Result<readonly KnownHost[], string>> {
  const lines: KnownHost[] = [];
  for (const file of files) {
    try {
      lines.push(...parseKnownHosts(await readLocalText(file), file));
    } catch (error) {
      if (error instanceof NotAFile) return fail(`${file} ${error.message}`);
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') return fail(`cannot read ${file} (${code ?? error})`);
    }
  }
  return ok(lines);
}

export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHashed(hosts, name);
  const patterns = hosts.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && wildcardPattern(pattern.slice(1)).test(name))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && wildcardPattern(pattern).test(name));
}

function matchesHashed(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}
