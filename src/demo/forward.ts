import { connect } from 'node:net';
import type { ServerChannel, TcpipRequestInfo } from 'ssh2';

const LOOPBACK = new Set(['127.0.0.1', 'localhost']);

/** Carries a connection of the client on to a service of this machine's loopback, and to nothing else. */
export function forward(accept: () => ServerChannel, reject: () => void, to: TcpipRequestInfo): void {
  if (!LOOPBACK.has(to.destIP)) {
    reject();
    return;
  }
  const socket = connect({ host: '127.0.0.1', port: to.destPort, allowHalfOpen: true, noDelay: true });
  socket.once('error', reject);
  socket.once('connect', () => {
    socket.off('error', reject);
    const channel = accept();
    socket.on('error', () => channel.close());
    channel.on('error', () => socket.destroy());
    channel.on('close', () => socket.destroy());
    channel.pipe(socket).pipe(channel);
  });
}
