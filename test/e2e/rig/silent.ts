import { createServer, type Socket } from 'node:net';
import { listen } from './listen.ts';

export interface SilentServer extends AsyncDisposable {
  readonly address: '127.0.0.1';
  readonly port: number;
  close(): Promise<void>;
}

/** A server that takes TCP connections and never says a word. */
export async function silentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
  });
  const port = await listen(server);
  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  };
  return { address: '127.0.0.1', port, close, [Symbol.asyncDispose]: close };
}
