import { createServer, connect as dial, type Socket } from 'node:net';
import { listen } from './listen.ts';

export interface TcpProxy extends AsyncDisposable {
  readonly address: '127.0.0.1';
  readonly port: number;
  /** Connections taken since the start. */
  readonly connections: number;
  /** Bytes passed on since the start, both directions together. */
  readonly passed: number;
  /** Connections open now. */
  readonly open: number;
  /** From now on bytes vanish in both directions; connections stay open and new ones are taken. */
  blackhole(): void;
  /** Ends blackhole(), delay() and cutAfterBytes(). Bytes swallowed meanwhile stay lost. */
  restore(): void;
  /** Ends all open connections with RST; new ones work. */
  reset(): void;
  /** Holds every chunk back for this long, in each direction. */
  delay(ms: number): void;
  /** Resets all connections once this many more bytes (both directions together) were passed on. */
  cutAfterBytes(count: number): void;
  close(): Promise<void>;
}

/** A TCP proxy in front of a host, with the faults that a network can have. */
export async function tcpProxy(target: { address: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let connections = 0;
  let passed = 0;
  let swallow = false;
  let delayMs = 0;
  let bytesLeft = Number.POSITIVE_INFINITY;

  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };

  const pass = (chunk: Buffer, to: Socket) => {
    if (swallow || to.destroyed) return;
    const part = chunk.subarray(0, Math.min(chunk.length, bytesLeft));
    bytesLeft -= part.length;
    passed += part.length;
    if (bytesLeft > 0) {
      to.write(part);
      return;
    }
    bytesLeft = Number.POSITIVE_INFINITY;
    // The reset would overtake bytes that are still in the buffer.
    to.write(part, reset);
  };

  const later = (action: () => void) => {
    if (delayMs > 0) setTimeout(action, delayMs);
    else action();
  };

  const forward = (from: Socket, to: Socket) => {
    sockets.add(from);
    from.setNoDelay(true);
    from.on('data', (chunk: Buffer) => later(() => pass(chunk, to)));
    from.on('end', () => later(() => !swallow && to.end()));
    from.on('error', () => {});
    from.on('close', (failed) => {
      sockets.delete(from);
      // Without a word in a black hole: the other side must not learn of it.
      if (!swallow) later(() => (failed ? to.resetAndDestroy() : to.destroySoon()));
    });
  };

  const server = createServer({ allowHalfOpen: true }, (client) => {
    connections += 1;
    const host = dial({ host: target.address, port: target.port, allowHalfOpen: true });
    forward(client, host);
    forward(host, client);
  });
  const port = await listen(server);

  const close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((done) => server.close(done));
  };

  return {
    address: '127.0.0.1',
    port,
    get connections() {
      return connections;
    },
    get passed() {
      return passed;
    },
    get open() {
      return Math.ceil(sockets.size / 2);
    },
    blackhole: () => {
      swallow = true;
    },
    restore: () => {
      swallow = false;
      delayMs = 0;
      bytesLeft = Number.POSITIVE_INFINITY;
    },
    reset,
    delay: (ms) => {
      delayMs = ms;
    },
    cutAfterBytes: (count) => {
      bytesLeft = count;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
