import type { ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';

/** A throw-away key pair; `line` is the public half as in a .pub file: type and base64. */
export type DemoKey = { readonly privateKey: string; readonly line: string; readonly parsed: ParsedKey };

/** About one ed25519 key in 300 that ssh2 1.17 makes is one that it cannot read back, so it is tried again. */
const ATTEMPTS = 10;

/** @throws when ssh2 cannot read any key that it makes: a bug. */
export function newKey(): DemoKey {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const pair = ssh2.utils.generateKeyPairSync('ed25519');
    const parsed = ssh2.utils.parseKey(pair.private);
    const [type, base64] = pair.public.trim().split(/\s+/);
    if (!(parsed instanceof Error)) return { privateKey: pair.private, line: `${type} ${base64}`, parsed };
  }
  throw new Error('ssh2 made no ed25519 key that it can read');
}
