import { createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fail, ok, type Result } from '../model/outcome.ts';

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
      key === undefined
    )
      return [];
    return [{ marker, hosts, type, key, where: `${file}:${index + 1}` }];
  });
}

/** All lines of all files. A file that is missing has no lines; one that cannot be read is a failure, never "no lines". */
export async function readKnownHosts(files: readonly string[]): Promise<Result<readonly KnownHost[], string>> {
  const lines: KnownHost[] = [];
  for (const file of files) {
    try {
      lines.push(...parseKnownHosts(await readFile(file, 'utf8'), file));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') return fail(`cannot read ${file} (${code ?? error})`);
    }
  }
  return ok(lines);
}

export function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHashed(hosts, name);
  const patterns = hosts.toLowerCase().split(',');
  if (patterns.some((pattern) => pattern.startsWith('!') && wildcard(pattern.slice(1)).test(name))) return false;
  return patterns.some((pattern) => !pattern.startsWith('!') && wildcard(pattern).test(name));
}

function matchesHashed(hosts: string, name: string): boolean {
  const [, version, salt, hash] = hosts.split('|');
  if (version !== '1' || salt === undefined || hash === undefined) return false;
  return createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash;
}

function wildcard(pattern: string): RegExp {
  const source = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`);
}
