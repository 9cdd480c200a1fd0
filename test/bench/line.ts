import { createServer, connect as dial, type Socket } from 'node:net';

/*
 * What all connections of the bench go through: one door per host, which counts. A process of its own, so that its work is
 * not that of the bench, which forks it.
 */

export type Counts = {
  readonly connections: number;
  /** Of both directions, as they are on the wire: encrypted, without the headers of TCP. */
  readonly bytes: number;
  /** How often a connection went from hearing the host to being spoken on: what one side waits for the other with. */
  readonly turns: number;
};

/** What a line is told: where it listens and what for, or that a delay holds from now on and counting begins anew. */
export type Order =
  | { readonly doors: readonly { readonly addresses: readonly string[]; readonly port: number; readonly to: number }[] }
  | { readonly holdMs: number }
  | 'count';

let counts = { connections: 0, bytes: 0, turns: 0 };
let holdMs = 0;

/** In order: what was held for the same time leaves as it came. */
function later(ms: number, action: () => void): void {
  if (ms > 0) setTimeout(action, ms);
  else action();
}

function pass(from: Socket, to: Socket, seen: (bytes: number) => void): void {
  from.setNoDelay(true);
  from.on('data', (chunk: Buffer) => {
    seen(chunk.length);
    later(holdMs, () => {
      if (to.destroyed || to.write(chunk)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
  });
  from.on('end', () => later(holdMs, () => to.end()));
  from.on('error', () => {});
  from.on('close', () => later(holdMs, () => to.destroySoon()));
}

function take(client: Socket, port: number): void {
  counts.connections += 1;
  let spoken = false;
  // The handshake of a real line: the host learns of a connection with its third packet, and hears nothing sooner.
  client.pause();
  later(3 * holdMs, () => {
    const host = dial({ host: '127.0.0.1', port, allowHalfOpen: true });
    pass(client, host, (bytes) => {
      counts.bytes += bytes;
      if (!spoken) counts.turns += 1;
      spoken = true;
    });
    pass(host, client, (bytes) => {
      counts.bytes += bytes;
      spoken = false;
    });
    client.resume();
  });
}

process.on('message', async (order: Order) => {
  if (order === 'count') {
    process.send?.(counts);
    counts = { connections: 0, bytes: 0, turns: 0 };
    return;
  }
  if ('holdMs' in order) holdMs = order.holdMs;
  else {
    for (const { addresses, port, to } of order.doors) {
      for (const address of addresses) {
        const server = createServer({ allowHalfOpen: true }, (client) => take(client, to));
        await new Promise<void>((done) => server.listen({ port, host: address, backlog: 1024 }, done));
      }
    }
  }
  process.send?.(null);
});
process.on('disconnect', () => process.exit());
