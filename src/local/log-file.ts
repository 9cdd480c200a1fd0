import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { Writable } from 'node:stream';

const { O_APPEND, O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

/**
 * A file that lines are added to, readable for its owner alone where it is new. Each line is written at once, so that a
 * process that ends in the middle has lost none. A pipe that nobody reads is an error, and not waited for.
 * @throws what the system says
 */
export function appendTo(path: string): Writable {
  const file = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600);
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
    destroy(error, done) {
      closeSync(file);
      done(error);
    },
  });
}

/**
 * A file for lines that begins empty. Only its owner can read it, also where it was there before; what is no file, such as a
 * pipe, stays as it is.
 * @throws what the system says
 */
export async function writeAnew(path: string): Promise<Writable> {
  const file = await open(path, 'w', 0o600);
  try {
    if ((await file.stat()).isFile()) await file.chmod(0o600);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file.createWriteStream();
}
