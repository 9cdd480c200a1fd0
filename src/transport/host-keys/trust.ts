import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { NotAFile, readLocalText } from '../../local/file.ts';
import { withLock } from '../../local/lock.ts';
import { type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import type { Connection } from '../../model/target.ts';
import { chosenHostKeys, type HostKeyChoice } from '../algorithms.ts';
import type { AcceptedKeys, ConnectOptions } from '../options.ts';
import { type HostKeyVerdict, judgeHostKey, type KnownKeys, type PresentedKey, presentedKey } from './host-key.ts';
import { knownHostName, readKnownHosts } from './known-hosts.ts';
import { readRevoked } from './revoked.ts';

/** Decides about one hop's host key, before any login. */
export type Trust = {
  readonly algorithms: readonly HostKeyChoice[];
  /** null when the key is trusted; everything that could not be decided is a refusal. */
  readonly refusal: (blob: Buffer) => Promise<Failure | null>;
};

export async function trust(connection: Connection, options: ConnectOptions): Promise<Trust | Failure> {
  const name = knownHostName(connection.address, connection.port, connection.hostKeyAlias);
  const files = [...new Set([...connection.knownHostsFiles, ...(options.acceptNew ? [options.homeKnownHosts] : [])])];
  const known = await whatIsKnown(connection, name, files, options);
  if (!known.ok) return known.failure;
  const refusal = async (blob: Buffer) => {
    const key = presentedKey(blob);
    const verdict = judgeHostKey(key, known.value);
    if (verdict.verdict === 'accepted') return null;
    if (verdict.verdict !== 'unknown' || !options.acceptNew) return failureOf(verdict, key, name, files);
    return acceptFirst(key, name, options, async () => {
      const now = await whatIsKnown(connection, name, files, options);
      if (!now.ok) return now.failure;
      const again = judgeHostKey(key, now.value);
      return again.verdict === 'accepted'
        ? null
        : again.verdict === 'unknown'
          ? 'unknown'
          : failureOf(again, key, name, files);
    });
  };
  const algorithms = chosenHostKeys(known.value, connection.algorithms);
  return algorithms.ok ? { algorithms: algorithms.value, refusal } : { kind: 'unsupported', needs: algorithms.failure };
}

async function whatIsKnown(
  connection: Connection,
  name: string,
  files: readonly string[],
  options: ConnectOptions,
): Promise<Result<KnownKeys>> {
  const [lines, revoked] = await Promise.all([readKnownHosts(files), readRevoked(connection.revokedHostKeys)]);
  // A pinned key decides by itself; without one, a file that cannot be read might have held the refusal.
  const unread = revoked.ok ? (lines.ok || connection.hostKeys.length > 0 ? null : lines.failure) : revoked.failure;
  if (unread !== null || !revoked.ok) {
    const detail = `${unread}, so the key of ${name} cannot be checked`;
    return fail({ kind: 'host-key-unknown', detail, presented: '' });
  }
  const remembered = options.accepted.keys.get(`${options.homeKnownHosts} ${name}`);
  return ok({
    name,
    plainName: connection.hostKeyAlias === null ? connection.address.toLowerCase() : name,
    pinned: connection.hostKeys.length === 0 && remembered !== undefined ? [remembered] : connection.hostKeys,
    lines: lines.ok ? lines.value : [],
    revoked: revoked.value,
  });
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

/**
 * Accepts a key on first use. Two connections, also of two processes, may see two keys of one name at the same moment: so
 * what is known is read again under a lock, and who comes second meets a known key.
 * @param judge what the files say by now; null where the key has become a known one
 */
async function acceptFirst(
  key: PresentedKey,
  name: string,
  options: ConnectOptions,
  judge: () => Promise<Failure | 'unknown' | null>,
): Promise<Failure | null> {
  const file = options.homeKnownHosts;
  const accept = async (record: () => Promise<string>) => {
    const verdict = await judge();
    if (verdict !== 'unknown') return verdict;
    const recorded = await record();
    options.accepted.keys.set(`${file} ${name}`, `${key.type} ${key.base64}`);
    options.onNote?.(`trusted ${name} on first use: ${key.type} ${key.fingerprint}, ${recorded}`);
    return null;
  };
  // Who names it wants nothing to be recorded.
  if (file === '/dev/null') return inTurn(options.accepted, () => accept(async () => 'recorded nowhere'));
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    return await withLock(file, () =>
      accept(async () => {
        const before = await readLocalText(file).catch(unlessMissing);
        const line = `${name} ${key.type} ${key.base64}\n`;
        await appendFile(file, `${before === '' || before.endsWith('\n') ? '' : '\n'}${line}`, { mode: 0o600 });
        return `recorded in ${file}`;
      }),
    );
  } catch (error) {
    const why = error instanceof NotAFile ? `${file} ${error.message}` : (error as Error).message;
    return {
      kind: 'host-key-unknown',
      presented: '',
      detail: `the key of ${name} was not accepted (${key.type} ${key.fingerprint}), since it cannot be recorded: ${why}`,
    };
  }
}

function unlessMissing(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}

/** Judges one key after the other, where no file could keep two connections apart. */
function inTurn<T>(accepted: AcceptedKeys, work: () => Promise<T>): Promise<T> {
  const turn = accepted.judged.then(work);
  accepted.judged = turn.catch(() => {});
  return turn;
}
