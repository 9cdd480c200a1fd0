import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private folder that goes away with its scope. */
export function tempDir(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'fleet-transport-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export type KeyPair = { readonly file: string; readonly publicLine: string; readonly privateText: string };

/** A key pair made by the real ssh-keygen. */
export function makeKey(
  dir: string,
  name: string,
  type = 'ed25519',
  options: readonly string[] = [],
  passphrase = '',
): KeyPair {
  const file = join(dir, name);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', passphrase, '-C', name, '-f', file, ...options]);
  const publicLine = readFileSync(`${file}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
  return { file, publicLine, privateText: readFileSync(file, 'utf8') };
}
