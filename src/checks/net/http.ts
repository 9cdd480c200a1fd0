import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import type { Place } from '../../model/check.ts';
import { duration, milliseconds } from '../../util/duration.ts';
import { defineCheck } from '../define.ts';
import { dialTrouble, excerpt, isLoopback, placeOf } from '../detail.ts';
import { limits, retries, retryForOf, secondsOf, span } from '../fields.ts';
import { verdictOf } from '../judge.ts';
import { exchange } from './exchange.ts';
import { EXPIRY, expiryFinding, presetExpiry } from './expiry.ts';
import { isJsonPath, jsonTrouble } from './json-path.ts';
import { latencyFinding, latency as latencySchema } from './latency.ts';

function urlTrouble(text: string): string | null {
  if (!/^https?:\/\/[^\s\p{Cc}]+$/u.test(text) || !URL.canParse(text)) return 'must be a URL with http:// or https://';
  const { username, password } = new URL(text);
  return username + password === '' ? null : 'must not hold a password, which logs would show';
}

const url = z.string().check((context) => {
  const message = urlTrouble(context.value);
  if (message !== null) context.issues.push({ code: 'custom', input: context.value, message });
});
const status = z.int().min(100).max(599);
const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be letters, digits and "-"');
const headerValue = z.string().regex(/^[\t\x20-\x7e\xa0-\xff]*$/, 'must be one line of Latin text');

const long = z
  .strictObject({
    url: url.meta({ description: 'What is asked for.', examples: ['http://127.0.0.1:8000/health'] }),
    status: z
      .union([status, z.array(status).min(1)])
      .meta({ description: 'The status that it must answer with, or several.', examples: [200, [200, 204]] })
      .default(200),
    contains: z.string().min(1).meta({ description: 'Text that the body has to hold.' }).optional(),
    json: z
      .record(
        z.string().refine(isJsonPath, 'must be a path such as status, checks.db.ok or items[0].name'),
        z.union([z.string(), z.number(), z.boolean(), z.null()]),
      )
      .refine((wanted) => Object.keys(wanted).length > 0, 'must name a path')
      .meta({
        description: 'Values that the body, as JSON, has to have.',
        examples: [{ status: 'ok', 'checks.db': true }],
      })
      .optional(),
    latency: latencySchema.optional(),
    expiry: limits(span, 'low', secondsOf)
      .meta({
        description: `How long the server's certificate must still be good, with https. Without it, it only warns: from ${EXPIRY.warn} before its end on, or from the last third of a shorter life.`,
        examples: [{ warn: '21d', critical: '7d' }],
      })
      .optional(),
    headers: z.record(headerName, headerValue).meta({ description: 'Headers to send.' }).default({}),
    timeout: duration.meta({ description: 'For the whole exchange.' }).default('5s'),
    insecure: z.boolean().meta({ description: 'Whether any certificate will do.' }).default(false),
    ...retries,
  })
  .refine(({ url, expiry }) => expiry === undefined || url.startsWith('https:'), {
    path: ['expiry'],
    message: 'is of a certificate, and the URL has no https://',
  });

const schema = z.union([url, long]).meta({ examples: ['http://127.0.0.1:8000/health'] });

const normal = (spec: z.infer<typeof schema>) => (typeof spec === 'string' ? long.parse({ url: spec }) : spec);

const where = ({ hostname, port, protocol }: URL): Place => ({
  host: hostname.replace(/^\[(.*)\]$/, '$1'),
  port: Number(port) || (protocol === 'https:' ? 443 : 80),
});

/** Whether an HTTP service answers as it should, seen from the host itself. Redirects are an answer, not followed. */
export const http = defineCheck({
  kind: 'http',
  about: "An HTTP service answers as it should, asked from the host's own network. Redirects are not followed.",
  schema,
  label: (spec) => `http ${normal(spec).url}`,
  retryForMs: (spec) => retryForOf(spec),
  dials: (spec) => where(new URL(normal(spec).url)),
  quotes: 'failing',
  recoverAfter: 2,

  alone(spec, { user }) {
    const { url, status, contains = '', json, headers, timeout, insecure } = normal(spec);
    if (!isLoopback(where(new URL(url)).host) || json !== undefined || contains.includes('\n')) return null;
    const seconds = String(Math.ceil(milliseconds(timeout) / 1000));
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
    return [
      'ask_page',
      user ?? '-',
      seconds,
      [status].flat().join(' '),
      contains,
      insecure ? 'insecure' : '-',
      url,
      ...lines,
    ];
  },

  async check(spec, io) {
    const { url, status, contains, json, latency, expiry, headers, timeout, insecure } = normal(spec);
    const target = new URL(url);
    const { host, port } = where(target);
    const place = placeOf(host, port);
    const started = performance.now();
    const dialled = await io.dial(host, port, milliseconds(timeout));
    if (!dialled.ok) return { ok: false, detail: dialTrouble(dialled.failure, place, timeout) };

    const left = Math.max(1, Math.ceil(milliseconds(timeout) - (performance.now() - started)));
    const answer = await exchange(dialled.value, target, host, {
      headers,
      insecure,
      timeoutMs: left,
      signal: io.signal,
    });
    const took = performance.now() - started;
    if (answer.end === 'timed-out')
      return { ok: false, detail: `${place} ${answer.after}, but gave no answer within ${timeout}` };
    if (answer.end === 'failed') return { ok: false, detail: answer.why };

    const said = answer.body === '' ? 'an empty body' : `"${excerpt(answer.body)}"`;
    const line = `${answer.status} ${answer.reason}`.trim();
    const expected = Array.isArray(status) ? status : [status];
    if (!expected.includes(answer.status)) {
      const to = answer.location === null ? '' : ` to ${excerpt(answer.location)}, which is not followed`;
      return { ok: false, detail: `${line}${to}, expected ${expected.join(' or ')}: ${said}` };
    }
    if (contains !== undefined && !answer.body.includes(contains)) {
      return { ok: false, detail: `${line}, but the body does not hold "${excerpt(contains)}": ${said}` };
    }
    const odd = json === undefined ? null : jsonTrouble(answer.body, json);
    if (odd !== null) return { ok: false, detail: `${line}, but ${odd}: ${said}` };
    // Words of ours: what the service calls its status may be anything.
    const well = `${answer.status} ${STATUS_CODES[answer.status] ?? ''}`.trim();
    return verdictOf(
      [
        { level: 'ok', text: well },
        latencyFinding(url, took, latency),
        ...(answer.certificate === null
          ? []
          : [expiryFinding(excerpt(url), answer.certificate, Date.now(), expiry ?? presetExpiry(answer.certificate))]),
      ],
      well,
    );
  },
});
