import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import { imageOf } from './rig/images.ts';
import { silentServer, tcpProxy } from './rig/index.ts';
import { kinds } from './rig/kinds.ts';
import { listen } from './rig/listen.ts';

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A server that sends back what it gets, and a proxy in front of it. */
async function echoBehindProxy() {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  const port = await listen(server);
  const proxy = await tcpProxy({ address: '127.0.0.1', port });
  const dispose = async () => {
    await proxy.close();
    server.close();
  };
  return { proxy, [Symbol.asyncDispose]: dispose };
}

function client(port: number) {
  const socket: Socket = connect({ host: '127.0.0.1', port, noDelay: true });
  const seen = { text: '', error: '', closed: false };
  socket.on('data', (data) => {
    seen.text += data.toString();
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    seen.error = error.code ?? error.message;
  });
  const closed = once(socket, 'close').catch(() => {});
  return { socket, seen, closed };
}

describe('tcpProxy', () => {
  it('passes bytes and counts connections', async () => {
    await using echo = await echoBehindProxy();
    const { socket, seen, closed } = client(echo.proxy.port);
    socket.end('hello');
    await closed;
    expect(seen).toMatchObject({ text: 'hello', error: '' });
    expect(echo.proxy).toMatchObject({ connections: 1 });
  });

  it('resets connections', async () => {
    await using echo = await echoBehindProxy();
    const { socket, seen, closed } = client(echo.proxy.port);
    socket.write('x');
    await expect.poll(() => seen.text).toBe('x');
    echo.proxy.reset();
    await closed;
    expect(seen.error).toBe('ECONNRESET');
    await expect.poll(() => echo.proxy.open).toBe(0);
  });

  it('swallows bytes without closing, also of new connections', async () => {
    await using echo = await echoBehindProxy();
    const old = client(echo.proxy.port);
    old.socket.write('x');
    await expect.poll(() => old.seen.text).toBe('x');
    echo.proxy.blackhole();
    const fresh = client(echo.proxy.port);
    old.socket.write('y');
    fresh.socket.write('y');
    await pause(300);
    expect(old.seen).toMatchObject({ text: 'x', error: '' });
    expect(fresh.seen).toMatchObject({ text: '', error: '' });
    expect(old.socket.readyState).toBe('open');
    echo.proxy.restore();
    old.socket.write('z');
    await expect.poll(() => old.seen.text).toBe('xz');
    old.socket.destroy();
    fresh.socket.destroy();
  });

  it('delays both directions', async () => {
    await using echo = await echoBehindProxy();
    echo.proxy.delay(50);
    const { socket, seen } = client(echo.proxy.port);
    const started = Date.now();
    socket.write('x');
    await expect.poll(() => seen.text, { interval: 5 }).toBe('x');
    expect(Date.now() - started).toBeGreaterThanOrEqual(95);
    socket.destroy();
  });

  it('cuts after a number of bytes', async () => {
    await using echo = await echoBehindProxy();
    const { socket, seen, closed } = client(echo.proxy.port);
    socket.write('x');
    await expect.poll(() => seen.text).toBe('x');
    echo.proxy.cutAfterBytes(100_000);
    socket.write(Buffer.alloc(1_000_000, 'a'));
    await closed;
    expect(seen.error).toMatch(/ECONNRESET|EPIPE/);
    expect(seen.text.length).toBeLessThan(100_001);
  });
});

describe('silentServer', () => {
  it('takes a connection and never answers', async () => {
    await using server = await silentServer();
    const { socket, seen, closed } = client(server.port);
    socket.write('SSH-2.0-x\r\n');
    await pause(200);
    expect(seen).toEqual({ text: '', error: '', closed: false });
    await server.close();
    await closed;
    socket.destroy();
  });
});

describe('images', () => {
  it('of all kinds are there before the first test, and one that is not is not made in the time of a test', async () => {
    for (const kind of Object.values(kinds)) expect(await imageOf(kind)).toContain(`${kind.recipe}:${kind.suite}-`);
    await expect(imageOf({ ...kinds.busybox, suite: 'no-such-suite' })).rejects.toThrow(/no-such-suite-\S+ is gone/);
  });
});
