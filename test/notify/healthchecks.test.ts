import { expect, it } from 'vitest';
import { never, ping } from './open.ts';
import { closedPort, receiver } from './receivers.ts';

const RUN = '0b1f6f2e-6a55-4a52-9d2b-6f6f6f6f6f6f';
const CHECK = 'canary-check-uuid';

const at = (url: string, more: object = {}) => ping({ url: { env: 'URL' }, ...more }, { URL: `${url}/ping/${CHECK}` });

it('tells of the start and of the exit code of the same run, with a body as long as the service takes', async () => {
  await using server = await receiver((_, response) => response.writeHead(200, { 'ping-body-limit': '7' }).end('OK'));
  const opened = at(server.url);
  await opened.start(RUN, never());
  expect(await opened.finish(RUN, 1, 'höööör', never())).toEqual({ sent: true, answer: '200 OK: OK' });
  expect(server.requests.map(({ path, body }) => [path, body])).toEqual([
    [`/ping/${CHECK}/start?rid=${RUN}`, ''],
    // The fourth umlaut would be cut apart.
    [`/ping/${CHECK}/1?rid=${RUN}`, 'hööö'],
  ]);
});

it('sends ten thousand bytes where the service names no limit, and none where that is 0', async () => {
  await using server = await receiver((_, response, i) =>
    response.writeHead(200, i === 1 ? { 'ping-body-limit': '0' } : {}).end('OK'),
  );
  const opened = at(server.url);
  await opened.finish(RUN, 0, 'x'.repeat(20_000), never());
  await opened.start(RUN, never());
  await opened.finish(RUN, 0, 'x', never());
  expect(server.requests.map(({ body }) => body.length)).toEqual([10_000, 0, 0]);
});

it('keeps the query that a URL has', async () => {
  await using server = await receiver((_, response) => response.end('OK'));
  await ping({ url: `${server.url}/key/slug?create=1` }).finish(RUN, 0, '', never());
  expect(server.requests[0]?.path).toBe(`/key/slug/0?create=1&rid=${RUN}`);
});

it.each([
  [0, '0', '0'],
  [1, '1', '0'],
  [3, '3', '0'],
  [2, '2', '2'],
  [70, '70', '70'],
  [130, '130', '130'],
])(
  'exit code %i is %s where the ping stands for health, and %s where it stands for runs',
  async (code, healthy, ran) => {
    await using server = await receiver((_, response) => response.end('OK'));
    await at(server.url).finish(RUN, code, '', never());
    await at(server.url, { when: 'ran' }).finish(RUN, code, '', never());
    expect(server.requests.map(({ path }) => path.split('?')[0]?.split('/').at(-1))).toEqual([healthy, ran]);
  },
);

it('a start that fails stops nothing', async () => {
  const port = await closedPort();
  await expect(at(`http://127.0.0.1:${port}`).start(RUN, never())).resolves.toBeUndefined();
});

it('a ping is tried again until it gets through', async () => {
  await using server = await receiver((_, response, i) => response.writeHead(i < 2 ? 503 : 200).end());
  expect(await at(server.url).finish(RUN, 0, '', never())).toMatchObject({ sent: true });
  expect(server.requests).toHaveLength(3);
});

it('but for no longer than its time, and not where it is refused; the URL is in no answer', async () => {
  await using down = await receiver(({ path }, response) => response.writeHead(503).end(path));
  const began = Date.now();
  const delivery = await at(down.url, { timeout: '1s' }).finish(RUN, 0, '', never());
  expect(delivery).toMatchObject({ sent: false, permanent: false });
  expect(Date.now() - began).toBeLessThan(5000);
  expect(down.requests.length).toBeGreaterThan(1);
  await using gone = await receiver(({ path }, response) => response.writeHead(404).end(`no ${path}`));
  const refused = await at(gone.url).finish(RUN, 0, '', never());
  expect(refused).toMatchObject({ sent: false, permanent: true, answer: expect.stringMatching(/^404 Not Found: no /) });
  expect(gone.requests).toHaveLength(1);
  expect(gone.requests[0]?.path).toContain(CHECK);
  expect(JSON.stringify([delivery, refused])).not.toContain(CHECK);
});
