import { z } from 'zod';
import type { Delivery, Notice } from '../model/notice.ts';
import type { ItemText, NoticeText } from '../output/messages/notification.ts';
import { defineChannel, Unusable, type Use } from './define.ts';
import { type Answer, delivered, exchange } from './exchange.ts';
import { common, secretSource, serverUrl } from './fields.ts';
import { characters, cut, type Detail, fitted, plainBody } from './layout.ts';

const schema = z.strictObject({
  token: secretSource.meta({ description: "The bot's token.", examples: [{ env: 'TELEGRAM_TOKEN' }] }),
  chat: z
    .union([z.int(), z.string().regex(/^@\w+$/, 'must be a number or @name')])
    .meta({ description: 'The id of the chat, or @name of a channel.', examples: [-1001234567890] }),
  thread: z
    .int()
    .min(1)
    .meta({ description: 'The topic in a group that has some.', examples: [7] })
    .optional(),
  server: serverUrl
    .meta({ description: 'A Bot API server of your own.', examples: ['https://api.telegram.org'] })
    .default('https://api.telegram.org'),
  ...common,
});

type Spec = z.output<typeof schema>;

/** Of the text as it is shown, markup not counted; a little is kept back. */
const MOST = 4000;
const TITLE = 300;

/** A bot of Telegram. */
export const telegram = defineChannel({
  kind: 'telegram',
  about: 'A bot of Telegram.',
  schema,

  async deliver(spec, notice, use): Promise<Delivery> {
    const token = await use.secret(spec.token);
    if (!/^\d+:[\w-]{20,}$/.test(token)) throw new Unusable('its token must be a bot token, such as 123456:ABC-…');
    // The part that proves anything, wherever it stands.
    use.hide(token.slice(token.indexOf(':') + 1));
    const url = new URL(`${spec.server.replace(/\/$/, '')}/bot${token}/sendMessage`);
    const text = use.words(notice);
    const post = async (chat: Spec['chat'], form: object) => {
      const body = JSON.stringify({ ...settings(spec, notice), chat_id: chat, ...form });
      return read(await exchange(url, { body, headers: { 'content-type': 'application/json' } }, use.signal));
    };
    const html = { text: htmlOf(text), parse_mode: 'HTML' };
    const first = await post(spec.chat, html);
    const chat = first.movedTo ?? spec.chat;
    const second = first.movedTo === null ? first : await post(chat, html);
    const last = second.unparsed ? await post(chat, { text: plainOf(text) }) : second;
    return ended(last, first.movedTo, use);
  },
});

const settings = ({ thread }: Spec, { worst }: Notice) => ({
  ...(thread === undefined ? {} : { message_thread_id: thread }),
  disable_notification: worst !== 'critical',
  link_preview_options: { is_disabled: true },
});

type Reply = {
  readonly answer: Answer;
  /** Where the group is now, since it has become a supergroup. */
  readonly movedTo: number | null;
  /** Whether the markup was not understood. */
  readonly unparsed: boolean;
  readonly retryAfterMs: number | null;
};

const replySchema = z.looseObject({
  description: z.string().default(''),
  parameters: z
    .looseObject({ migrate_to_chat_id: z.int().optional(), retry_after: z.number().nonnegative().optional() })
    .default({}),
});

function read(answer: Answer): Reply {
  const parsed = replySchema.safeParse(answer.end === 'answered' ? json(answer.body) : null);
  const { description, parameters } = parsed.success ? parsed.data : { description: '', parameters: {} };
  const wrong = answer.end === 'answered' && answer.status === 400;
  return {
    answer,
    movedTo: (wrong && parameters.migrate_to_chat_id) || null,
    unparsed: wrong && description.includes("can't parse entities"),
    retryAfterMs: parameters.retry_after === undefined ? null : parameters.retry_after * 1000,
  };
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function ended({ answer, retryAfterMs }: Reply, movedTo: number | null, use: Use): Delivery {
  const delivery = delivered(answer, use.now());
  const moved = movedTo === null ? '' : `; the chat is now ${movedTo}, write that into the inventory`;
  // What was sent comes back in full.
  if (delivery.sent) return { sent: true, answer: `accepted${moved}` };
  return { ...delivery, answer: `${delivery.answer}${moved}`, retryAfterMs: delivery.retryAfterMs ?? retryAfterMs };
}

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Cut before there is any markup, and so never within it. */
function htmlOf(text: NoticeText): string {
  const title = cut(text.title, TITLE);
  const most = MOST - title.length - (text.rest(text.items.length) ?? '').length;
  const { parts, unsaid } = fitted(text.items, { most, size: (part) => shown(part).length + 2, render });
  const rest = text.rest(unsaid);
  return [`<b>${escaped(title)}</b>`, ...parts, ...(rest === null ? [] : [escaped(rest)])].join('\n\n');
}

const shown = (html: string): string => html.replace(/<\/?(b|pre|code)>/g, '').replace(/&(amp|lt|gt);/g, '&');

function render({ head, details, log, fix }: ItemText, detail: Detail): string {
  if (detail === 'head') return escaped(head);
  const quoted = detail === 'all' && log.length > 0 ? [`<pre>${escaped(log.join('\n'))}</pre>`] : [];
  return [...[head, ...details].map(escaped), ...quoted, ...(fix === null ? [] : [escaped(fix)])].join('\n');
}

function plainOf(text: NoticeText): string {
  const title = cut(text.title, TITLE);
  return `${title}\n\n${plainBody(text, MOST - title.length - 2, characters)}`;
}
