import { createHmac } from 'node:crypto';
import { z } from 'zod';
import type { Notice } from '../model/notice.ts';
import { cleanJson } from '../util/sanitize.ts';
import { defineChannel, readUrl, Unusable } from './define.ts';
import { delivered, exchange } from './exchange.ts';
import { common, secretSource, urlSource } from './fields.ts';

const schema = z.strictObject({
  url: urlSource.meta({
    description: 'Where the JSON is sent to.',
    examples: ['https://example.org/fleet', { env: 'HOOK_URL' }],
  }),
  secret: z.union([secretSource, z.array(z.union([secretSource])).min(1)]).meta({
    description: 'The key that messages are signed with, `whsec_…`; several while an old one is being replaced.',
    examples: [{ env: 'HOOK_SECRET' }],
  }),
  ...common,
});

/** JSON, signed as Standard Webhooks asks for. */
export const webhook = defineChannel({
  kind: 'webhook',
  about: 'JSON to a URL, signed as Standard Webhooks asks for.',
  schema,

  async deliver({ url, secret }, notice, use) {
    const to = await readUrl(url, use);
    const keys = await Promise.all([secret].flat().map(async (source) => keyOf(await use.secret(source))));
    const body = cleanJson(bodyOf(notice));
    const seconds = Math.floor(use.now() / 1000);
    const signed = `${notice.id}.${seconds}.${body}`;
    const headers = {
      'content-type': 'application/json',
      'webhook-id': notice.id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': keys
        .map((key) => `v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
        .join(' '),
    };
    return delivered(await exchange(to, { body, headers }, use.signal), use.now());
  },
});

/** Version of the body; it goes up when a field changes its meaning or goes away. */
const VERSION = 1;

/** The same bytes however often it is sent. */
const bodyOf = (notice: Notice) => ({
  v: VERSION,
  type: 'fleet.notice',
  timestamp: new Date(notice.at).toISOString(),
  data: notice,
});

const SHORTEST = 24;

/** @throws Unusable */
function keyOf(secret: string): Buffer {
  const text = secret.replace(/^whsec_/, '');
  const key = Buffer.from(text, 'base64');
  const whole = key.toString('base64').replace(/=+$/, '') === text.replace(/=+$/, '');
  if (!whole || key.length < SHORTEST)
    throw new Unusable(
      `its secret must be base64 of at least ${SHORTEST} random bytes, with whsec_ in front or without: echo "whsec_$(openssl rand -base64 32)"`,
    );
  return key;
}
