import { z } from 'zod';
import type { Severity } from '../model/notice.ts';
import { defineChannel, readUrl } from './define.ts';
import { delivered, exchange } from './exchange.ts';
import { common, secretSource, serverUrl } from './fields.ts';
import { bytes, cut, plainBody } from './layout.ts';

const schema = z.strictObject({
  server: serverUrl.meta({ description: 'The ntfy server.', examples: ['https://ntfy.sh'] }).default('https://ntfy.sh'),
  topic: z
    .union([
      z.string().regex(/^[\w-]{1,64}$/, 'must be letters, digits, "_" and "-"'),
      z.strictObject({ from: secretSource.meta({ description: 'Where the topic is read from.' }) }),
    ])
    .meta({
      description: 'The topic, or where it is read from: without a token, who knows it may read along.',
      examples: ['fleet', { from: { env: 'NTFY_TOPIC' } }],
    }),
  token: secretSource.meta({ description: 'An access token.', examples: [{ env: 'NTFY_TOKEN' }] }).optional(),
  ...common,
});

/** The server makes a file of what is longer. */
const MOST_BYTES = 4000;
const TITLE = 200;

const PRIORITY: Readonly<Record<Severity, number>> = { critical: 5, warning: 4, info: 3, ok: 3 };

/** A topic of ntfy.sh, or of a server of one's own. */
export const ntfy = defineChannel({
  kind: 'ntfy',
  about: "A topic of ntfy.sh, or of a server of one's own.",
  schema,

  async deliver({ server, topic, token }, notice, use) {
    const url = await readUrl(server, use);
    const to = typeof topic === 'string' ? topic : await use.secret(topic.from);
    const bearer = token === undefined ? null : await use.secret(token);
    const text = use.words(notice);
    const body = JSON.stringify({
      topic: to,
      title: cut(text.title, TITLE),
      message: plainBody(text, MOST_BYTES, bytes),
      priority: PRIORITY[notice.worst],
    });
    const headers = {
      'content-type': 'application/json',
      ...(bearer === null ? {} : { authorization: `Bearer ${bearer}` }),
    };
    const answer = await exchange(url, { body, headers }, use.signal);
    const delivery = delivered(answer, use.now());
    // What was sent comes back in full.
    return delivery.sent ? { sent: true, answer: 'accepted' } : delivery;
  },
});
