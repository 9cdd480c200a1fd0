import { createHash } from 'node:crypto';
import { type Digest, digest } from './ids.ts';

/** SHA-256 of text or bytes, in hexadecimal. */
export const sha256 = (content: string | Uint8Array): Digest =>
  digest(createHash('sha256').update(content).digest('hex'));
