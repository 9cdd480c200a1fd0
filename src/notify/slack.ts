import { z } from 'zod';
import type { ItemText, NoticeText } from '../output/messages/notification.ts';
import { defineChannel, readUrl } from './define.ts';
import { delivered, exchange } from './exchange.ts';
import { common, secretSource } from './fields.ts';
import { characters, cut, type Detail, fitted, plainBody } from './layout.ts';

const schema = z.strictObject({
  url: secretSource.meta({
    description: 'The incoming webhook. Who knows its URL may write to the channel, so it is a secret.',
    examples: [{ env: 'SLACK_URL' }],
  }),
  ...common,
});

/** Slack adds up what all blocks hold, and says nowhere how much that may be: this much has always passed. */
const MOST = 2800;
const HEADER = 150;
/** Sections besides header and the last line. */
const SECTIONS = 6;

/** An incoming webhook of Slack, or of what speaks like it. */
export const slack = defineChannel({
  kind: 'slack',
  about: 'An incoming webhook of Slack, or of what speaks like it.',
  schema,

  async deliver({ url }, notice, use) {
    const to = await readUrl(url, use);
    const text = use.words(notice);
    const post = (body: object) =>
      exchange(to, { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }, use.signal);
    const answer = await post({ text: plain(text), blocks: blocksOf(text) });
    const refused = answer.end === 'answered' && answer.status === 400 && /blocks/.test(answer.body);
    return delivered(refused ? await post({ text: plain(text) }) : answer, use.now());
  },
});

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** What notifications show, and all there is where blocks are refused. */
const plain = (text: NoticeText): string => {
  const title = cut(text.title, HEADER);
  return escaped(`${title}\n${plainBody(text, MOST - title.length, (part) => escaped(part).length)}`);
};

function blocksOf(text: NoticeText): readonly object[] {
  const { parts, unsaid } = fitted(text.items.slice(0, SECTIONS), { most: MOST - HEADER, size: characters, render });
  const rest = text.rest(unsaid + Math.max(0, text.items.length - SECTIONS));
  return [
    { type: 'header', text: { type: 'plain_text', text: cut(text.title, HEADER), emoji: false } },
    ...parts.map((part) => ({ type: 'section', text: { type: 'mrkdwn', text: part } })),
    ...(rest === null ? [] : [{ type: 'context', elements: [{ type: 'mrkdwn', text: escaped(cut(rest, HEADER)) }] }]),
  ];
}

function render({ head, details, log, fix }: ItemText, detail: Detail): string {
  if (detail === 'head') return escaped(head);
  // A log that would end the fence is not quoted: what follows would no longer be text.
  const quoted = detail === 'all' && log.length > 0 && !log.some((line) => line.includes('```'));
  const fence = quoted ? [`\`\`\`\n${escaped(log.join('\n'))}\n\`\`\``] : [];
  return [...[head, ...details].map(escaped), ...fence, ...(fix === null ? [] : [escaped(fix)])].join('\n');
}
