import { createHash } from 'node:crypto';

/** A public key as it was presented: its type, what people compare, and the line that pins it (null when not known). */
export type ShownKey = { readonly type: string; readonly fingerprint: string; readonly line: string | null };

/** @param presented `type base64`, as in a .pub file or known_hosts; or a text that holds a `SHA256:` fingerprint */
export function shownKey(presented: string): ShownKey | null {
  const [type, second] = presented.trim().split(/\s+/);
  if (type === undefined || second === undefined) return null;
  if (second.startsWith('SHA256:')) return { type, fingerprint: second, line: null };
  const hash = createHash('sha256').update(Buffer.from(second, 'base64')).digest('base64').replace(/=+$/, '');
  return { type, fingerprint: `SHA256:${hash}`, line: `${type} ${second}` };
}
