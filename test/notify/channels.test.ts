import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Notice, Severity } from '../../src/model/notice.ts';
import { channel, ITEM, NOTICE, NOW, never } from './open.ts';
import { type Behaviour, closedPort, type Receiver, receiver, selfSigned } from './receivers.ts';

const TOKEN = '123456789:AAbbCCddEEffGGhhIIjjKKll-mm_nnOO';
const PATH = 'T0123/B4567/canaryCanaryCanary';
const KEY = `whsec_${Buffer.from('thirty-two bytes are the secret.').toString('base64')}`;
const BEARER = 'tk_canaryBearerToken';
const ENV = { TOKEN, KEY, BEARER };

/** Each kind that speaks HTTP, sending to a server; and the secrets that it has. */
const KINDS = [
  {
    kind: 'webhook',
    secrets: [PATH],
    open: (url: string, more: object = {}) =>
      channel('webhook', { url: { env: 'URL' }, secret: { env: 'KEY' }, ...more }, { ...ENV, URL: `${url}/${PATH}` }),
  },
  {
    kind: 'slack',
    secrets: [PATH],
    open: (url: string, more: object = {}) =>
      channel('slack', { url: { env: 'URL' }, ...more }, { ...ENV, URL: `${url}/${PATH}\n` }),
  },
  {
    kind: 'telegram',
    secrets: [TOKEN, TOKEN.split(':')[1] ?? ''],
    open: (url: string, more: object = {}) =>
      channel('telegram', { server: url, token: { env: 'TOKEN' }, chat: -100, ...more }, ENV),
  },
  {
    kind: 'ntfy',
    secrets: [BEARER],
    open: (url: string, more: object = {}) =>
      channel('ntfy', { server: url, topic: 'fleet', token: { env: 'BEARER' }, ...more }, ENV),
  },
] as const;

/** Everything that came in comes back, as some servers do it, and tries to move the cursor. */
const echo =
  (status: number, headers: Record<string, string> = {}): Behaviour =>
  ({ method, path, headers: sent, body }, response) => {
    response.writeHead(status, headers).end(`\x1b[2J\u202e${method} ${path} ${sent.authorization ?? ''}\n${body}`);
  };

const refused = { sent: false, permanent: true, retryAfterMs: null };
const later = { sent: false, permanent: false, retryAfterMs: null };

describe.each(KINDS)('$kind', ({ open, secrets }) => {
  it.each<readonly [string, Behaviour, object]>([
    ['takes 200 for delivered', echo(200), { sent: true }],
    ['takes 204 for delivered', echo(204), { sent: true }],
    ['gives up on 400', echo(400), refused],
    ['gives up on 401', echo(401), refused],
    ['gives up on 403', echo(403), refused],
    ['gives up on 404', echo(404), refused],
    ['gives up on 410', echo(410), refused],
    ['tries again after 408', echo(408), later],
    ['tries again after 429, when it may', echo(429, { 'retry-after': '7' }), { ...later, retryAfterMs: 7000 }],
    [
      'tries again at the time that 503 names',
      echo(503, { 'retry-after': new Date(NOW + 30_000).toUTCString() }),
      { ...later, retryAfterMs: 30_000 },
    ],
    ['tries again after 500, whatever it asks for', echo(500, { 'retry-after': 'soon' }), later],
    [
      'is not kept waiting for more than a day',
      echo(503, { 'retry-after': '9999999999' }),
      { ...later, retryAfterMs: 86_400_000 },
    ],
    ['follows no redirect for good', echo(301, { location: 'http://elsewhere.example/x' }), refused],
    ['follows no redirect for now', echo(307, { location: 'http://elsewhere.example/x' }), later],
    ['tries again where the connection is cut', (_, response) => response.destroy(), later],
    ['tries again where no HTTP comes', (_, response) => response.socket?.end('220 hello\r\n'), later],
  ])('%s', async (_, behaviour, expected) => {
    await using server = await receiver(behaviour);
    const delivery = await open(server.url).deliver(NOTICE, never());
    expect(delivery).toMatchObject(expected);
    expect(delivery.answer).toMatch(/^[ -~…]+$/);
    expect(delivery.answer.length).toBeLessThan(320);
    // The control: what must not be seen was there to be seen.
    const [sent] = server.requests;
    for (const secret of secrets) {
      expect(JSON.stringify(sent)).toContain(secret);
      expect(JSON.stringify(delivery)).not.toContain(secret);
    }
  });

  it('sends nothing to where a redirect leads, on the same machine too', async () => {
    await using target = await receiver((_, response) => response.end());
    await using server = await receiver((_, response) =>
      response.writeHead(308, { location: `${target.url}/taken` }).end(),
    );
    const { answer } = await open(server.url).deliver(NOTICE, never());
    expect(answer).toBe(`308 Permanent Redirect to 127.0.0.1:${target.port}; redirects are not followed`);
    expect([server.requests.length, target.requests.length]).toEqual([1, 0]);
  });

  it('is told of a server that is not there, and tries again', async () => {
    const port = await closedPort();
    expect(await open(`http://127.0.0.1:${port}`).deliver(NOTICE, never())).toEqual({
      ...later,
      answer: `127.0.0.1:${port} refused the connection (ECONNREFUSED)`,
    });
  });

  it('ends in time where no answer comes, and where it is not wanted any more', async () => {
    await using server = await receiver(() => {});
    const began = Date.now();
    expect(await open(server.url, { timeout: '300ms' }).deliver(NOTICE, never())).toMatchObject({
      ...later,
      answer: expect.stringMatching(/gave no answer/),
    });
    expect(Date.now() - began).toBeLessThan(5000);
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    expect(await open(server.url).deliver(NOTICE, stop.signal)).toMatchObject(later);
    expect(server.requests.length).toBeGreaterThan(0);
  });

  it('reads no answer without an end: the status has said it', async () => {
    const endless: Behaviour = (_, response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write('x'.repeat(65_536)));
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    };
    await using server = await receiver(endless);
    const delivery = await open(server.url).deliver(NOTICE, never());
    expect(delivery.sent).toBe(true);
    expect(delivery.answer.length).toBeLessThan(320);
    await using dripping = await receiver((_, response) => void response.writeHead(500).write('slowly'));
    expect(await open(dripping.url).deliver(NOTICE, never())).toMatchObject(later);
  });

  it('trusts no certificate that nobody has signed, and says nothing of its secret to that server', async () => {
    await using server = await receiver((_, response) => response.end(), selfSigned());
    const delivery = await open(server.url).deliver(NOTICE, never());
    expect(delivery).toMatchObject({ ...refused, answer: expect.stringMatching(/^the certificate of .* is not good/) });
    expect(server.requests).toEqual([]);
  });
});

it('a secret that is not there is said, and nothing is sent', async () => {
  await using server = await receiver((_, response) => response.end());
  const opened = channel('ntfy', { server: server.url, topic: 'fleet', token: { env: 'NONE' } });
  expect(await opened.deliver(NOTICE, never())).toEqual({ ...refused, answer: 'the variable NONE is not set' });
  expect(server.requests).toEqual([]);
});

it.each([
  ['http://example.org/hook', 'its URL must begin with https://; http:// is for a server on this machine only'],
  ['example.org/hook', 'its URL must be a URL with https://'],
  ['', 'URL is empty'],
])('a URL that is read as %j is refused', async (URL, answer) => {
  const opened = channel('slack', { url: { env: 'URL' } }, { URL });
  expect(await opened.deliver(NOTICE, never())).toEqual({ ...refused, answer });
});

describe('webhook', () => {
  const open = ({ url }: Receiver, secret: unknown) =>
    channel('webhook', { url, secret }, { ...ENV, OLD: Buffer.alloc(24, 7).toString('base64') });
  const verify = (key: string, id: unknown, at: unknown, body: string) =>
    `v1,${createHmac('sha256', Buffer.from(key.replace('whsec_', ''), 'base64'))
      .update(`${id}.${at}.${body}`)
      .digest('base64')}`;

  it('is checked by a receiver that computes what the standard shows as an example', () => {
    const key = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    expect(verify(key, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}')).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('signs what it sends, with an old key too while it is replaced; a second try has the same id and body', async () => {
    await using server = await receiver((_, response) => response.end());
    const opened = open(server, [{ env: 'KEY' }, { env: 'OLD' }]);
    await opened.deliver(NOTICE, never());
    await opened.deliver(NOTICE, never());
    const [first, second] = server.requests;
    const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signature } = first?.headers ?? {};
    expect([id, at]).toEqual([NOTICE.id, String(NOW / 1000)]);
    const body = first?.body ?? '';
    const keys = [KEY, Buffer.alloc(24, 7).toString('base64')];
    expect(signature).toBe(keys.map((key) => verify(key, id, at, body)).join(' '));
    expect(JSON.parse(body)).toEqual({
      v: 1,
      type: 'fleet.notice',
      timestamp: '2026-11-29T22:00:00.000Z',
      data: NOTICE,
    });
    expect([second?.headers['webhook-id'], second?.body]).toEqual([id, body]);
  });

  it.each(['short', 'whsec_!!!', 'whsec_'])('refuses the key %j without showing it', async (key) => {
    await using server = await receiver((_, response) => response.end());
    const opened = channel('webhook', { url: server.url, secret: { env: 'KEY' } }, { KEY: key });
    const delivery = await opened.deliver(NOTICE, never());
    expect(delivery).toMatchObject({
      ...refused,
      answer: expect.stringContaining('base64 of at least 24 random bytes'),
    });
    expect(server.requests).toEqual([]);
  });
});

describe('slack', () => {
  it('shows an item with its log, and nothing of it is markup', async () => {
    await using server = await receiver((_, response) => response.end('ok'));
    const opened = KINDS[1].open(server.url);
    expect(await opened.deliver(NOTICE, never())).toEqual({ sent: true, answer: '200 OK: ok' });
    const { text, blocks } = JSON.parse(server.requests[0]?.body ?? '');
    expect(text).toContain('it is &lt;down&gt; &amp; "out"');
    expect(blocks[0].text).toEqual({ type: 'plain_text', text: 'home: 1 problem: web-1/jarvis is down', emoji: false });
    expect(blocks[1].text.text.split('\n')).toEqual([
      'CRITICAL: web-1/jarvis service jarvis.service: it is &lt;down&gt; &amp; "out"',
      'since 2026-11-29 21:59:00 UTC',
      'ended with exit code 3',
      '```',
      'Traceback: `x` is *not* &lt;y&gt;',
      '```',
      'next: fleet health --host web-1 --app jarvis',
    ]);
  });

  it('quotes no log that would end the quotation', async () => {
    await using server = await receiver((_, response) => response.end('ok'));
    await KINDS[1].open(server.url).deliver({ ...NOTICE, items: [{ ...ITEM, log: ['``` <!channel>'] }] }, never());
    const { blocks } = JSON.parse(server.requests[0]?.body ?? '');
    expect(JSON.stringify(blocks)).not.toContain('```');
    expect(JSON.stringify(blocks)).toContain('ended with exit code 3');
  });

  it('sends text alone where its blocks are refused', async () => {
    await using server = await receiver(({ body }, response) =>
      body.includes('"blocks"') ? response.writeHead(400).end('invalid_blocks') : response.end('ok'),
    );
    expect(await KINDS[1].open(server.url).deliver(NOTICE, never())).toMatchObject({ sent: true });
    expect(server.requests.map(({ body }) => Object.keys(JSON.parse(body)))).toEqual([['text', 'blocks'], ['text']]);
  });
});

describe('telegram', () => {
  const reply =
    (status: number, body: object): Behaviour =>
    (_, response) =>
      void response.writeHead(status).end(JSON.stringify(body));

  it('sends HTML to a topic, silently unless it is critical', async () => {
    await using server = await receiver(reply(200, { ok: true }));
    const opened = KINDS[2].open(server.url, { thread: 7 });
    expect(await opened.deliver(NOTICE, never())).toEqual({ sent: true, answer: 'accepted' });
    await opened.deliver({ ...NOTICE, worst: 'warning' }, never());
    const [loud, silent] = server.requests.map(({ body }) => JSON.parse(body));
    expect(server.requests[0]?.path).toBe(`/bot${TOKEN}/sendMessage`);
    expect(loud).toMatchObject({
      chat_id: -100,
      message_thread_id: 7,
      parse_mode: 'HTML',
      disable_notification: false,
    });
    expect(loud.text).toContain('<pre>Traceback: `x` is *not* &lt;y&gt;</pre>');
    expect(silent).toMatchObject({ disable_notification: true });
  });

  it('sends plain text once more where its markup is not understood', async () => {
    await using server = await receiver((request, response, at) =>
      at === 0
        ? reply(400, { ok: false, description: "Bad Request: can't parse entities: x" })(request, response, at)
        : reply(200, { ok: true })(request, response, at),
    );
    expect(await KINDS[2].open(server.url).deliver(NOTICE, never())).toMatchObject({ sent: true });
    const second = JSON.parse(server.requests[1]?.body ?? '');
    expect(second.parse_mode).toBeUndefined();
    expect(second.text).toContain('it is <down> & "out"');
  });

  it('follows a chat that has moved, and says where it is', async () => {
    await using server = await receiver((request, response, at) =>
      at === 0
        ? reply(400, { ok: false, description: 'upgraded', parameters: { migrate_to_chat_id: -1009 } })(
            request,
            response,
            at,
          )
        : reply(200, { ok: true })(request, response, at),
    );
    expect(await KINDS[2].open(server.url).deliver(NOTICE, never())).toEqual({
      ...{ sent: true, answer: 'accepted; the chat is now -1009, write that into the inventory' },
    });
    expect(server.requests.map(({ body }) => JSON.parse(body).chat_id)).toEqual([-100, -1009]);
  });

  it('asks for no more than two moves', async () => {
    await using server = await receiver(reply(400, { description: 'x', parameters: { migrate_to_chat_id: -1 } }));
    expect(await KINDS[2].open(server.url).deliver(NOTICE, never())).toMatchObject({ sent: false, permanent: true });
    expect(server.requests).toHaveLength(2);
  });

  it('reads how long it is to wait from the body too', async () => {
    await using server = await receiver(reply(429, { ok: false, parameters: { retry_after: 12 } }));
    expect(await KINDS[2].open(server.url).deliver(NOTICE, never())).toMatchObject({ ...later, retryAfterMs: 12_000 });
  });

  it('refuses what is no token before it stands in a URL', async () => {
    const opened = channel('telegram', { token: { env: 'TOKEN' }, chat: 1 }, { TOKEN: '../../x?y' });
    expect(await opened.deliver(NOTICE, never())).toMatchObject({
      ...refused,
      answer: 'its token must be a bot token, such as 123456:ABC-…',
    });
  });
});

describe('ntfy', () => {
  it('sends a title, a text and how urgent it is, with its token in a header', async () => {
    await using server = await receiver((_, response) => response.end('{"id":"x"}'));
    await KINDS[3].open(server.url).deliver(NOTICE, never());
    const [request] = server.requests;
    expect(request?.headers.authorization).toBe(`Bearer ${BEARER}`);
    expect(JSON.parse(request?.body ?? '')).toEqual({
      ...{ topic: 'fleet', title: 'home: 1 problem: web-1/jarvis is down', priority: 5 },
      message: expect.stringContaining('  | Traceback: `x` is *not* <y>'),
    });
  });

  it('reads a topic that is kept secret, and keeps it so', async () => {
    await using server = await receiver(echo(403));
    const written = { server: server.url, topic: { from: { env: 'TOPIC' } } };
    const delivery = await channel('ntfy', written, { TOPIC: 'canary-topic' }).deliver(NOTICE, never());
    expect(server.requests[0]?.body).toContain('canary-topic');
    expect(delivery.answer).toContain('403 Forbidden');
    expect(delivery.answer).not.toContain('canary-topic');
  });
});

describe('whatever stands in a notice, and however much', () => {
  const line = fc.oneof(
    fc.string({ maxLength: 60 }),
    fc.string({ unit: 'grapheme', maxLength: 6000 }),
    fc.constantFrom('&<>"`*_', '```', '</pre>'),
  );
  const notices: fc.Arbitrary<Notice> = fc.record({
    project: line,
    id: fc.uuid(),
    at: fc.constant(NOW),
    worst: fc.constantFrom<Severity>('critical', 'warning', 'info', 'ok'),
    headline: line,
    items: fc.array(
      fc.record({
        id: fc.constant('p-1'),
        kind: fc.constantFrom(
          'problem',
          'changed',
          'recovered',
          'reminder',
          'flapping',
          'settled',
          'unwatched',
          'gap',
          'deploy',
          'info',
        ),
        severity: fc.constantFrom<Severity>('critical', 'warning', 'info', 'ok'),
        subject: fc.record({ host: fc.option(line), app: fc.option(line), check: fc.option(line) }),
        text: line,
        since: fc.option(fc.constant(NOW)),
        evidence: fc.array(line, { maxLength: 20 }),
        log: fc.array(line, { maxLength: 30 }),
        fix: fc.option(line),
      }),
      { maxLength: 12 },
    ),
    more: fc.nat(50),
    moreWith: fc.option(fc.constant('fleet health')),
  }) as fc.Arbitrary<Notice>;

  /** What was sent for each of many notices. */
  async function sent(kind: (typeof KINDS)[number], look: (body: string, notice: Notice) => void) {
    await using server = await receiver((_, response) => response.end('{}'));
    const opened = kind.open(server.url);
    const send = async (notice: Notice) => {
      expect(await opened.deliver(notice, never())).toMatchObject({ sent: true });
      look(server.requests.pop()?.body ?? '', notice);
    };
    await fc.assert(fc.asyncProperty(notices, send), { numRuns: 40 });
  }

  it('slack gets at most 8 blocks and 3000 characters of text', async () => {
    await sent(KINDS[1], (body) => {
      const { blocks, text } = JSON.parse(body);
      expect(blocks.length).toBeLessThanOrEqual(8);
      const texts = [...JSON.stringify(blocks).matchAll(/"text":"((?:[^"\\]|\\.)*)"/g)].map(([, one]) =>
        JSON.parse(`"${one}"`),
      );
      expect(texts.join('').length).toBeLessThanOrEqual(3000);
      expect(text.length).toBeLessThanOrEqual(3000);
      expect(texts.slice(1).join('')).not.toMatch(/[<>]|&(?!amp;|lt;|gt;)/);
    });
  }, 60_000);

  it('telegram gets at most 4096 characters, and whole markup', async () => {
    await sent(KINDS[2], (body) => {
      const { text } = JSON.parse(body);
      const tags = text.match(/<[^>]*>/g) ?? [];
      expect(tags.filter((tag: string) => !/^<\/?(b|pre)>$/.test(tag))).toEqual([]);
      expect(tags.filter((_: string, i: number) => i % 2 === 1)).toEqual(
        tags.filter((_: string, i: number) => i % 2 === 0).map((tag: string) => tag.replace('<', '</')),
      );
      const shown = text.replace(/<[^>]*>/g, '').replace(/&(amp|lt|gt);/g, 'x');
      expect(shown).not.toMatch(/[<>&]/);
      expect(shown.length).toBeLessThanOrEqual(4096);
    });
  }, 60_000);

  it('ntfy gets at most 4096 bytes', async () => {
    await sent(KINDS[3], (body) => {
      const { message, title } = JSON.parse(body);
      expect(Buffer.byteLength(message)).toBeLessThanOrEqual(4096);
      expect(title.length).toBeLessThanOrEqual(250);
      expect(`${title}${message}`).not.toMatch(/\p{Cs}/u);
    });
  }, 60_000);

  it('what found no room is counted', async () => {
    await using server = await receiver((_, response) => response.end('{}'));
    const items = Array.from({ length: 30 }, () => ({ ...ITEM, text: 'x'.repeat(390) }));
    const many = { ...NOTICE, items, more: 5, moreWith: 'fleet health --all' };
    for (const { open } of KINDS.slice(1)) await open(server.url).deliver(many, never());
    const told = server.requests.map(({ body }) => {
      const lines = body.match(/x{300}/g)?.length ?? 0;
      const rest = Number(/and (\d+) more: fleet health --all/.exec(body)?.[1]);
      return body.includes('"blocks"') ? null : lines + rest;
    });
    expect(told.slice(1)).toEqual([35, 35]);
    const { blocks } = JSON.parse(server.requests[0]?.body ?? '');
    expect(blocks.length - 2 + Number(/and (\d+) more/.exec(blocks.at(-1).elements[0].text)?.[1])).toBe(35);
  });
});
