import { request } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket, connect as tlsConnect } from 'node:tls';
import { within } from '../../util/async.ts';
import { excerpt } from '../detail.ts';

/** How one HTTP exchange ended. */
export type Answer =
  | {
      readonly end: 'answered';
      readonly status: number;
      readonly reason: string;
      readonly location: string | null;
      readonly body: string;
      /** Of the server, where it has one; milliseconds since 1970. */
      readonly certificate: { readonly from: number; readonly until: number; readonly of: string } | null;
    }
  | { readonly end: 'timed-out'; readonly after: string }
  | { readonly end: 'failed'; readonly why: string };

type Options = {
  readonly headers: Readonly<Record<string, string>>;
  readonly insecure: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
};

/** More than this of a body is not read. */
const BODY_LIMIT = 1 << 20;

/** A GET over a connection that is already there; the connection is closed afterwards. Never rejects. */
export async function exchange(connection: Duplex, url: URL, host: string, options: Options): Promise<Answer> {
  const stop = within(options.signal, options.timeoutMs);
  let after = 'accepted the connection';
  // An error of the connection reaches the request as well; without a listener of its own it would end the process.
  connection.on('error', () => {});
  const closed = new Promise<Answer>((resolve) => {
    const give = () =>
      resolve(options.signal.aborted ? { end: 'failed', why: 'cancelled' } : { end: 'timed-out', after });
    if (stop.aborted) give();
    stop.addEventListener('abort', give, { once: true });
  });
  const work = async (): Promise<Answer> => {
    try {
      const stream = url.protocol === 'https:' ? await secure(connection, host, options.insecure) : connection;
      if (stream !== connection) after = 'completed the TLS handshake';
      return await get(stream, url, options.headers);
    } catch (error) {
      return { end: 'failed', why: trouble(error) };
    }
  };
  const answer = await Promise.race([closed, work()]);
  connection.destroy();
  return answer;
}

/** @throws when the handshake fails or the certificate is not good for the host */
function secure(socket: Duplex, host: string, insecure: boolean): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // TLS has no server names that are addresses; the certificate is compared with `host` then.
    const servername = isIP(host) === 0 ? host : '';
    const tls = tlsConnect({ socket, host, servername, rejectUnauthorized: !insecure }, () => resolve(tls));
    tls.on('error', reject);
    socket.once('close', () => reject(new Error('the connection was closed during the TLS handshake')));
  });
}

function get(stream: Duplex, url: URL, headers: Readonly<Record<string, string>>): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(url, {
      protocol: 'http:',
      createConnection: () => stream,
      headers: { host: url.host, 'user-agent': 'fleet', ...headers },
    });
    asked.on('error', reject);
    asked.on('response', (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      const done = () =>
        resolve({
          end: 'answered',
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          location: response.headers.location ?? null,
          body: Buffer.concat(chunks).toString('utf8'),
          certificate: stream instanceof TLSSocket ? certificateOf(stream) : null,
        });
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        size += chunk.length;
        if (size >= BODY_LIMIT) done();
      });
      response.on('end', done);
      response.on('error', reject);
    });
    asked.end();
  });
}

function certificateOf(stream: TLSSocket) {
  const { valid_from: from, valid_to: until, subject } = stream.getPeerCertificate();
  // There is none where a session goes on.
  if (until === undefined) return null;
  const name: unknown = subject?.CN;
  return {
    from: Date.parse(from),
    until: Date.parse(until),
    of: `the certificate${typeof name === 'string' ? ` of ${excerpt(name)}` : ''}`,
  };
}

function trouble(error: unknown): string {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNRESET' || code === 'EPIPE') return 'the connection was closed before an answer came';
  if (code.startsWith('HPE_')) return `the answer is not HTTP (${code})`;
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return `the answer is not TLS (${code})`;
  if (/CERT|SIGNATURE|ALTNAME|ISSUER/.test(code)) return `the certificate is not good: ${message} (${code})`;
  return code === '' ? message : `${message} (${code})`;
}
