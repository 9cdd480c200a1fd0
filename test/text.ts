import type { Readable } from 'node:stream';

const MOST = 64 * 1024 ** 2;

/** All that a stream says until it ends; one that says more than anybody could want is cut off and is an error. */
export async function text(stream: Readable, most = MOST): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    const part = Buffer.from(chunk);
    bytes += part.length;
    if (bytes > most)
      throw new Error(`more than ${most} bytes of output, which ends: ${part.toString('utf8').slice(-200)}`);
    chunks.push(part);
  }
  return Buffer.concat(chunks).toString('utf8');
}
