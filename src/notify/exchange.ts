import { type IncomingMessage, type OutgoingHttpHeaders, request as overHttp, STATUS_CODES } from 'node:http';
import { request as overHttps, type RequestOptions } from 'node:https';
import type { Delivery } from '../model/notice.ts';

/** How one HTTP exchange ended. */
export type Answer =
  | {
      readonly end: 'answered';
      readonly status: number;
      readonly header: (name: string) => string | null;
      /** The first of it. */
      readonly body: string;
    }
  | { readonly end: 'failed'; readonly permanent: boolean; readonly why: string };

type Message = {
  readonly body: string;
  readonly headers?: OutgoingHttpHeaders;
  readonly method?: 'GET' | 'POST';
};

/** More than this of a body is not read. */
const BODY_MOST = 16 * 1024;
/** How long the rest of an answer is waited for when its status is there, which decides. */
const BODY_WAIT_MS = 1000;

/** One request over a connection of its own; a redirect is an answer, since what is sent is for one server only. Never rejects. */
export function exchange(url: URL, { body, headers = {}, method = 'POST' }: Message, signal: AbortSignal) {
  return new Promise<Answer>((resolve) => {
    const options: RequestOptions = {
      method,
      headers: { 'user-agent': 'fleet', 'content-length': Buffer.byteLength(body), ...headers },
      // None is kept open for a next request.
      agent: false,
      // Whatever NODE_TLS_REJECT_UNAUTHORIZED says.
      rejectUnauthorized: true,
      signal,
    };
    const asked = (url.protocol === 'https:' ? overHttps : overHttp)(url, options);
    const failed = (error: unknown) => resolve({ end: 'failed', ...trouble(error, url.host) });
    asked.on('error', failed);
    asked.on('response', (response) => {
      collect(response).then(resolve, failed);
    });
    asked.end(body);
  });
}

function collect(response: IncomingMessage): Promise<Answer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const done = () => {
      clearTimeout(timer);
      resolve({
        end: 'answered',
        status: response.statusCode ?? 0,
        header: (name) => [response.headers[name]].flat()[0] ?? null,
        body: Buffer.concat(chunks).subarray(0, BODY_MOST).toString('utf8'),
      });
      response.destroy();
    };
    const timer = setTimeout(done, BODY_WAIT_MS);
    response.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= BODY_MOST) done();
    });
    for (const event of ['end', 'error', 'close']) response.on(event, done);
  });
}

/** What a status means for whoever sent a notice. Answers that a second try may change are temporary. */
export function delivered(answer: Answer, now: number): Delivery {
  if (answer.end === 'failed')
    return { sent: false, permanent: answer.permanent, answer: answer.why, retryAfterMs: null };
  const { status, header } = answer;
  const line = `${status} ${STATUS_CODES[status] ?? ''}`.trim();
  const said = answer.body.trim() === '' ? '' : `: ${answer.body.trim()}`;
  if (status >= 200 && status < 300) return { sent: true, answer: `${line}${said}` };
  if (status >= 300 && status < 400) {
    const to = placeOf(header('location'));
    // A network that wants a login first answers so, too.
    const permanent = status === 301 || status === 308;
    return { sent: false, permanent, answer: `${line}${to}; redirects are not followed`, retryAfterMs: null };
  }
  const permanent = status < 500 && !TEMPORARY.has(status);
  return { sent: false, permanent, answer: `${line}${said}`, retryAfterMs: retryAfter(header('retry-after'), now) };
}

/** Of those that blame the request. */
const TEMPORARY = new Set([408, 425, 429]);

function placeOf(location: string | null): string {
  return location !== null && URL.canParse(location) ? ` to ${new URL(location).host}` : '';
}

const DAY = 86_400_000;

/** Milliseconds of a Retry-After, which is seconds or a date; at most a day. */
function retryAfter(text: string | null, now: number): number | null {
  if (text === null) return null;
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  return Number.isFinite(ms) ? Math.min(DAY, Math.max(0, ms)) : null;
}

/** Why no answer came, in words. */
export function trouble(error: unknown, place: string): { readonly permanent: boolean; readonly why: string } {
  const { code = '', name, message } = error as NodeJS.ErrnoException;
  const temporary = (why: string) => ({ permanent: false, why: `${place} ${why}` });
  if (name === 'AbortError' || name === 'TimeoutError') return temporary('gave no answer in time');
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return temporary(`was not found by name (${code})`);
  if (code === 'ECONNREFUSED') return temporary(`refused the connection (${code})`);
  if (code === 'ECONNRESET' || code === 'EPIPE') return temporary(`closed the connection without an answer (${code})`);
  if (code.startsWith('HPE_')) return temporary(`gave an answer that is not HTTP (${code})`);
  if (code.startsWith('ERR_SSL') || code === 'EPROTO') return temporary(`gave an answer that is not TLS (${code})`);
  // One that has run out is renewed; any other is not the one of whom the message is for.
  if (CERTIFICATE.test(code))
    return { permanent: !/EXPIRED|NOT_YET/.test(code), why: `the certificate of ${place} is not good (${code})` };
  return temporary(`could not be reached: ${code === '' ? message : code}`);
}

const CERTIFICATE = /CERT|SIGNATURE|ALTNAME|ISSUER|SELF_SIGNED/;
