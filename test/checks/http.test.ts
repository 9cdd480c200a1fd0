import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { http } from '../../src/checks/net/http.ts';
import { checkHere, hostHere, listening, rawServer, words } from './rig.ts';

const pages: RequestListener = (request, response) => {
  switch (request.url) {
    case '/health':
      return response.end('all is well\n');
    case '/starting':
      return response.writeHead(503).end('not yet:\n\u001b[31mdb\u202e down');
    case '/moved':
      return response.writeHead(302, { location: '/login' }).end();
    case '/nothing':
      return response.writeHead(204).end();
    case '/echo':
      return response.end(`host ${request.headers.host} token ${request.headers['x-token']}`);
    case '/endless':
      return void response.write('x'.repeat(3 << 20));
    case '/big':
      return response.writeHead(500).end('y'.repeat(5000));
    default:
      return undefined;
  }
};

let server: ReturnType<typeof createServer>;
let base = '';
beforeAll(async () => {
  server = createServer(pages);
  base = `http://127.0.0.1:${await listening(server)}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

describe('an HTTP check', () => {
  it.each<[name: string, entry: (base: string) => unknown, ok: boolean, detail: string | RegExp]>([
    ['passes on 200', (at) => `${at}/health`, true, '200 OK'],
    ['passes on a status from a list', (at) => ({ url: `${at}/nothing`, status: [200, 204] }), true, '204 No Content'],
    [
      'passes when the body holds what it should',
      (at) => ({ url: `${at}/health`, contains: 'is well' }),
      true,
      '200 OK',
    ],
    [
      'fails when the body lacks it',
      (at) => ({ url: `${at}/health`, contains: 'is ill' }),
      false,
      '200 OK, but the body does not hold "is ill": "all is well"',
    ],
    [
      'fails on another status and shows the body, made harmless',
      (at) => `${at}/starting`,
      false,
      '503 Service Unavailable, expected 200: "not yet:\\n\\x1b[31mdb\\u202e down"',
    ],
    [
      'fails on 200 when another is expected',
      (at) => ({ url: `${at}/health`, status: [201, 204] }),
      false,
      '200 OK, expected 201 or 204: "all is well"',
    ],
    [
      'does not follow redirects',
      (at) => `${at}/moved`,
      false,
      '302 Found to /login, which is not followed, expected 200: an empty body',
    ],
    ['passes on a redirect that is expected', (at) => ({ url: `${at}/moved`, status: 302 }), true, '302 Found'],
    [
      'shows only the beginning of a body',
      (at) => `${at}/big`,
      false,
      /^500 Internal Server Error, expected 200: "y{200}…"$/,
    ],
    [
      'reads no more than a part of an endless body',
      (at) => ({ url: `${at}/endless`, contains: 'xxx' }),
      true,
      '200 OK',
    ],
    [
      'sends headers',
      (at) => ({
        url: `${at}/echo`,
        headers: { Host: 'a.example', 'X-Token': 't' },
        contains: 'host a.example token t',
      }),
      true,
      '200 OK',
    ],
    [
      'tells a server that accepts and is silent',
      (at) => ({ url: `${at}/silent`, timeout: '150ms' }),
      false,
      /^127\.0\.0\.1:\d+ accepted the connection, but gave no answer within 150ms$/,
    ],
  ])('%s', async (_name, entry, ok, detail) => {
    const verdict = words(await checkHere(http, entry(base)));
    if (typeof detail === 'string') expect(verdict).toEqual({ ok, detail });
    else expect(verdict).toEqual({ ok, detail: expect.stringMatching(detail) });
  });

  it('works over any stream, as a channel of SSH is no socket', async () => {
    const io = hostHere();
    const dial: typeof io.dial = async (...to) => {
      const dialled = await io.dial(...to);
      return dialled.ok
        ? { ok: true, value: Duplex.from({ readable: dialled.value, writable: dialled.value }) }
        : dialled;
    };
    expect(words(await checkHere(http, `${base}/health`, { ...io, dial }))).toEqual({ ok: true, detail: '200 OK' });
  });

  it('tells that nothing listens', async () => {
    const { port, ...free } = await rawServer(() => {});
    await free[Symbol.asyncDispose]();
    const verdict = await checkHere(http, `http://127.0.0.1:${port}/`);
    expect(verdict).toEqual({ ok: false, detail: `nothing listens on 127.0.0.1:${port} (ECONNREFUSED)` });
  });

  it.each<[string, string | null, string | RegExp]>([
    ['that hangs up', null, /the connection was closed before an answer came/],
    ['that speaks something else', 'SSH-2.0-x\r\n', /the answer is not HTTP \(HPE_/],
  ])('tells a server %s', async (_name, answer, detail) => {
    await using raw = await rawServer((socket) => (answer === null ? socket.destroy() : socket.end(answer)));
    const verdict = await checkHere(http, `http://127.0.0.1:${raw.port}/`);
    expect(verdict).toEqual({ ok: false, detail: expect.stringMatching(detail) });
  });

  it('ends at once when the run is interrupted', async () => {
    const stop = new AbortController();
    const verdict = checkHere(http, `${base}/silent`, hostHere({ signal: stop.signal }));
    setTimeout(() => stop.abort(), 30);
    expect(await verdict).toEqual({ ok: false, detail: 'cancelled' });
  });

  it('closes a connection that would go on', async () => {
    let ended = () => {};
    const gone = new Promise<void>((resolve) => {
      ended = resolve;
    });
    await using raw = await rawServer((socket) => {
      socket.resume().on('close', ended);
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 9999999\r\n\r\n${'x'.repeat(2 << 20)}`);
    });
    expect((await checkHere(http, `http://127.0.0.1:${raw.port}/`)).ok).toBe(true);
    await gone;
  });
});

describe('an HTTPS check', () => {
  let folder = '';
  let secure: ReturnType<typeof createSecure>;
  let url = '';
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'fleet-tls-'));
    const [key, cert] = [join(folder, 'key'), join(folder, 'cert')];
    const options = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=jarvis'.split(' ');
    execFileSync('openssl', ['req', ...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    secure = createSecure({ key: readFileSync(key), cert: readFileSync(cert) }, pages);
    url = `https://127.0.0.1:${await listening(secure)}/health`;
  });
  afterAll(() => {
    secure.closeAllConnections();
    secure.close();
    rmSync(folder, { recursive: true });
  });

  it('refuses a certificate that nobody vouches for, unless any will do', async () => {
    const refused = await checkHere(http, url);
    expect(refused).toEqual({
      ok: false,
      detail: expect.stringMatching(/^the certificate is not good: .*self-signed/),
    });
    expect(words(await checkHere(http, { url, insecure: true }))).toEqual({ ok: true, detail: '200 OK' });
  });

  it('works over any stream', async () => {
    const io = hostHere();
    const dial: typeof io.dial = async (...to) => {
      const dialled = await io.dial(...to);
      return dialled.ok
        ? { ok: true, value: Duplex.from({ readable: dialled.value, writable: dialled.value }) }
        : dialled;
    };
    expect(words(await checkHere(http, { url, insecure: true }, { ...io, dial }))).toEqual({
      ok: true,
      detail: '200 OK',
    });
  });

  it('tells a server that does not speak TLS', async () => {
    const verdict = await checkHere(http, `${base.replace('http:', 'https:')}/health`);
    expect(verdict).toEqual({ ok: false, detail: expect.stringMatching(/^the answer is not TLS/) });
  });

  it('tells a server that hangs up during the handshake', async () => {
    await using raw = await rawServer((socket) => void setTimeout(() => socket.destroy(), 20));
    const verdict = await checkHere(http, `https://127.0.0.1:${raw.port}/`);
    expect(verdict).toEqual({ ok: false, detail: expect.stringMatching(/closed/) });
  });
});
