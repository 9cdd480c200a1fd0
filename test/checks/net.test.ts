import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { certificate } from '../../src/checks/net/certificate.ts';
import { http } from '../../src/checks/net/http.ts';
import { isJsonPath, jsonTrouble } from '../../src/checks/net/json-path.ts';
import { ports } from '../../src/checks/net/ports.ts';
import { tcp } from '../../src/checks/net/tcp.ts';
import type { Verdict } from '../../src/model/check.ts';
import { checkHere, checkOf, listening, rawServer, words } from './rig.ts';

const ok = (detail: string): Verdict => ({ ok: true, detail });
const warns = (detail: string): Verdict => ({ ok: true, warning: true, detail });
const fails = (detail: string): Verdict => ({ ok: false, detail });

const folder = mkdtempSync(join(tmpdir(), 'certificates-'));
afterAll(() => rmSync(folder, { recursive: true }));

function made(days: number): { readonly key: string; readonly cert: string } {
  const [key, cert] = [join(folder, `${days}.key`), join(folder, `${days}.pem`)];
  const options = ['-x509', '-newkey', 'ed25519', '-nodes', '-subj', '/CN=checked.test', '-days', String(days)];
  execFileSync('openssl', ['req', ...options, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}

const DAY = 86_400_000;

describe('a check of a certificate', () => {
  const { cert } = made(30);
  const later = made(300).cert;
  const at = (days: number, printed = `read 0\n${cert}`) =>
    checkOf(certificate, '/c.pem', printed, { from: Date.now() + days * DAY });

  it.each<[string, number, Verdict]>([
    ['is good for long', 0, ok('CN=checked.test is good for 29 days')],
    ['is to be renewed', 16.5, warns('CN=checked.test is good for 13 days; warns from 14d, critical is 3d')],
    ['is about to end', 27.5, fails('CN=checked.test is good for 2 days; warns from 14d, critical is 3d')],
    ['is over', 32.5, fails('CN=checked.test is over for 2 days')],
    ['is not good yet', -1, fails(expect.stringMatching(/^CN=checked\.test is not good before 2\d{3}-/))],
  ])('that %s', async (_what, days, verdict) => expect(words(await at(days))).toEqual(verdict));

  it('of several looks at the one that ends first', async () =>
    expect((await at(0, `read 0\n${later}${cert}`)).detail).toBe('CN=checked.test is good for 29 days'));

  it.each<[string, string, string]>([
    ['is not there', 'absent\n', 'it is not there'],
    ['has none', 'read 0\n\n', 'no certificate stands in it'],
    [
      'has a broken one',
      'read 0\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
      'no certificate stands in it',
    ],
    ['may not be read', 'read 65\nlog is \u001b[2J a link\n', 'it cannot be read: log is \\x1b[2J a link'],
  ])('fails where the file %s', async (_what, printed, detail) => expect(await at(0, printed)).toEqual(fails(detail)));

  it('reads what this machine has, and no key that stands beside', async () => {
    expect((await checkHere(certificate, join(folder, '30.pem'))).ok).toBe(true);
    expect(await checkHere(certificate, join(folder, '30.key'))).toEqual(fails('no certificate stands in it'));
  });
});

/** As the host tells it: Python on 127.0.0.1:8000, redis on all addresses, and one of whom nothing can be seen. */
const TOLD = `listen 0100007F 1F40 1000 11
listen 00000000 18EB 0 12
listen 00000000000000000000000000000000 01BB 33 13
listen 00000000000000000000000001000000 1F41 33 14
listen 0000000000000000FFFF00000100007F 1F42 33 15
held 11 42 jarvis.service python3
held 12 43 - redis-server
owned 1000 jarvis
owned 0 root
owned 33 www-data
`;
const PYTHON = 'python3 (pid 42, jarvis.service, jarvis) listens on 127.0.0.1:8000';
const REDIS = 'redis-server (pid 43, root) listens on 0.0.0.0:6379';

describe('a check of ports', () => {
  it.each<[string, object, Verdict]>([
    ['is there', { open: [8000] }, ok(PYTHON)],
    ['is there at an address', { open: ['127.0.0.1:8000'] }, ok(PYTHON)],
    ['is not there at another', { open: ['*:8000'] }, fails('nobody listens on *:8000')],
    ['is not there', { open: [8080], otherwise: 'warn' }, warns('nobody listens on 8080')],
    ['is the right one, by unit', { open: [{ port: 8000, by: 'jarvis.service' }] }, ok(PYTHON)],
    ['is the right one, by account', { open: [{ port: 8000, by: 'jarvis' }] }, ok(PYTHON)],
    ['is the right one, by program', { open: [{ port: 8000, by: 'python3' }] }, ok(PYTHON)],
    [
      'is another one',
      { open: [{ port: 6379, by: 'redis.service' }] },
      fails(`not redis.service listens on 6379, but ${REDIS}`),
    ],
    [
      'covers an address',
      { open: ['10.0.0.1:6379', '10.0.0.1:443'] },
      ok(`${REDIS}; a process of www-data listens on [::]:443`),
    ],
    ['is on 127.0.0.1', { local: [8000, 8001] }, ok('8000 only from the host itself; 8001 only from the host itself')],
    ['is on all addresses', { local: [6379] }, fails(`${REDIS}, which others than the host can reach`)],
    ['should not be there', { closed: [6379, 23] }, fails(`nobody should listen on 6379, but ${REDIS}`)],
    ['is another address', { closed: ['[::1]:8000'] }, ok('[::1]:8000 closed')],
    [
      'is on ::1',
      { closed: ['[::0:1]:8001'] },
      fails('nobody should listen on [::0:1]:8001, but a process of www-data listens on [::1]:8001'),
    ],
    ['is of IPv4 in IPv6', { open: ['127.0.0.1:8002'] }, ok('a process of www-data listens on 127.0.0.1:8002')],
  ])('who %s', async (_what, entry, verdict) => expect(words(await checkOf(ports, entry, TOLD))).toEqual(verdict));

  it.each([
    ['nothing', '', fails('nobody listens on 80')],
    ['that it may not look', 'hidden\n', warns('the host does not tell who listens')],
    ['nonsense', 'listen x 0050 0 1\nlisten 00000000 50 0 1\nheld \u001b[2J\n', fails('nobody listens on 80')],
    [
      'a hostile name',
      'listen 00000000 0050 0 1\nheld 1 2 - \u001b[2Jx\n',
      ok('\\x1b[2Jx (pid 2, 0) listens on 0.0.0.0:80'),
    ],
  ])('where the host tells %s', async (_what, printed, verdict) =>
    expect(await checkOf(ports, { open: [80] }, printed)).toEqual(verdict),
  );

  it('sees who listens on this machine, and that nobody does any more', async () => {
    const raw = await rawServer(() => {});
    expect(await checkHere(ports, { open: [`127.0.0.1:${raw.port}`] })).toMatchObject({
      ok: true,
      detail: expect.stringContaining(`pid ${process.pid}`),
    });
    await raw[Symbol.asyncDispose]();
    expect(await checkHere(ports, { open: [raw.port] })).toEqual(fails(`nobody listens on ${raw.port}`));
  });
});

describe('a path in JSON', () => {
  it.each([
    ['status', true],
    ['checks.db.ok', true],
    ['items[0].name', true],
    ['[0]', true],
    ['', false],
    ['.a', false],
    ['a..b', false],
    ['a[b]', false],
    ['a.', false],
  ])('%j', (path, is) => expect(isJsonPath(path)).toBe(is));

  it.each<[string, Readonly<Record<string, string | number | boolean | null>>, string | null]>([
    ['{"status":"ok","a":[{"b":null}]}', { status: 'ok', 'a[0].b': null }, null],
    ['{"status":"ok"}', { status: 'bad' }, 'status is "ok", not "bad"'],
    ['{"n":1}', { n: '1' }, 'n is 1, not "1"'],
    ['{}', { 'a.b': 1 }, 'the body has no a.b'],
    ['{}', { constructor: 1 }, 'the body has no constructor'],
    ['<html>', { a: 1 }, 'the body is not JSON'],
    ['{"a":"\\u001b[2J"}', { a: 'x' }, 'a is "\\u001b[2J", not "x"'],
  ])('of %s', (body, wanted, trouble) => expect(jsonTrouble(body, wanted)).toBe(trouble));
});

describe('an HTTP check', () => {
  const server = createServer((request, response) => {
    if (request.url === '/slow') setTimeout(() => response.end('{}'), 120);
    else response.end('{"status":"ok","db":{"up":true}}');
  });
  const { key, cert } = made(40);
  const secure = createSecure({ key, cert }, (_, response) => response.end('{}'));
  let [plain, tls] = ['', ''];
  beforeAll(async () => {
    plain = `http://127.0.0.1:${await listening(server)}`;
    tls = `https://127.0.0.1:${await listening(secure)}`;
  });
  afterAll(() => {
    server.close();
    secure.close();
  });

  it('looks into JSON', async () => {
    expect(words(await checkHere(http, { url: plain, json: { status: 'ok', 'db.up': true } }))).toEqual(ok('200 OK'));
    expect((await checkHere(http, { url: plain, json: { 'db.up': false } })).detail).toMatch(
      /^200 OK, but db\.up is true, not false: /,
    );
  });

  it('tells how long it takes', async () => {
    const slow = `${plain}/slow`;
    expect(await checkHere(http, { url: slow, latency: { warn: '100ms', critical: '5m' } })).toMatchObject({
      ok: true,
      warning: true,
      detail: expect.stringMatching(/^it took \d+ ms; warns from 100ms/),
    });
    expect(await checkHere(http, { url: slow, latency: { critical: '100ms' } })).toMatchObject({ ok: false });
    const { readings } = await checkHere(http, plain);
    expect(readings).toEqual([expect.objectContaining({ name: `latency ${plain}`, unit: 'seconds' })]);
  });

  it('tells how long the certificate is good', async () => {
    const look = (expiry: object) => checkHere(http, { url: tls, insecure: true, expiry });
    expect(words(await look({ warn: '20d' }))).toEqual(ok('200 OK'));
    expect(await look({ warn: '50d', critical: '20d' })).toMatchObject(
      warns('the certificate of checked.test is good for 39 days; warns from 50d, critical is 20d'),
    );
    expect(await look({ critical: '50d' })).toMatchObject({ ok: false });
    expect((await look({ warn: '20d' })).readings?.map(({ name }) => name)).toContain(`certificate ${tls}`);
  });

  it('warns by itself when the certificate ends soon, measured by how long it lives', async () => {
    const near = async (days: number, url: string) => {
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + days * DAY });
      try {
        return words(await checkHere(http, { url, insecure: true }));
      } finally {
        vi.useRealTimers();
      }
    };
    const brief = createSecure(made(3), (_, response) => response.end('{}'));
    const [short, of] = [`https://127.0.0.1:${await listening(brief)}`, 'the certificate of checked.test is'];
    expect(await near(0, short)).toEqual(ok('200 OK'));
    expect(await near(2.5, short)).toEqual(warns(`${of} good for 11 h; warns from 24h`));
    brief.close();
    const long = createSecure(made(90), (_, response) => response.end('{}'));
    const year = `https://127.0.0.1:${await listening(long)}`;
    expect(await near(75, year)).toEqual(ok('200 OK'));
    expect(await near(77, year)).toEqual(warns(`${of} good for 12 days; warns from 14d`));
    expect(await near(91, year)).toMatchObject({ ok: false });
    long.close();
  });

  it.each([
    { url: 'http://h/', expiry: { warn: '5d' } },
    { url: 'https://h/', expiry: { warn: '5d', critical: '6d' } },
    { url: 'http://h/', latency: { warn: '2s', critical: '1s' } },
    { url: 'http://h/', json: {} },
    { url: 'http://h/', json: { 'a..b': 1 } },
    { url: 'http://h/', json: { a: [1] } },
  ])('refuses %j', (entry) => expect(http.schema.safeParse(entry).success).toBe(false));
});

it('a TCP check tells how long it takes', async () => {
  await using raw = await rawServer(() => {});
  expect(words(await checkHere(tcp, { port: raw.port, latency: { warn: '1h' } }))).toEqual(ok('accepts connections'));
  expect(tcp.schema.safeParse({ port: 80, latency: { warn: '2s', critical: '1s' } }).success).toBe(false);
});
