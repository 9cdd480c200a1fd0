import type { Content } from '../../model/plan.ts';
import { Secret } from '../../model/secret.ts';

/** The bytes of a content, on their way to a host's standard input or to a key's decryption: the only `reveal()`. */
export function bytesOf(content: Content): Buffer {
  if (content instanceof Secret) return Buffer.from(content.reveal());
  return Buffer.from(content);
}
