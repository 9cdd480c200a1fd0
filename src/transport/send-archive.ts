import type { ClientChannel } from 'ssh2';
import type { Archive } from './tar.ts';

/** Sends an archive as standard input. One that breaks off closes the channel, so that tar sees a short archive and fails. */
export function sendArchive({ stream, abandon }: Archive, stdin: ClientChannel): void {
  stdin.on('close', abandon);
  stream.on('close', () => {
    if (!stdin.writableEnded) stdin.close();
  });
  stream.on('end', () => stdin.end());
  stream.on('data', (chunk: unknown) => {
    if (stdin.write(chunk as Uint8Array)) return;
    stream.pause();
    stdin.once('drain', () => stream.resume());
  });
}
