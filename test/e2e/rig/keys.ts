import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Identity {
  readonly file: string;
  readonly publicKey: string;
}

const cache = fileURLToPath(new URL('../../../.cache/', import.meta.url));
const folder = join(cache, 'test-key');

/** Renaming the finished folder into place is safe against a process that does the same at the same time. */
function generate(): void {
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(`${folder}-`);
  execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'fleet-test', '-f', join(fresh, 'id_ed25519')]);
  try {
    renameSync(fresh, folder);
  } catch (error) {
    rmSync(fresh, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/** The key pair that every test host accepts; made on first use on this machine. */
export function testIdentity(): Identity {
  const file = join(folder, 'id_ed25519');
  if (!existsSync(file)) generate();
  return { file, publicKey: readFileSync(`${file}.pub`, 'utf8').trim() };
}
