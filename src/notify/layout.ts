import type { ItemText, NoticeText } from '../output/messages/notification.ts';

/** How much of an item is told: its first line; what is known besides; the log too. */
export type Detail = (typeof DETAILS)[number];
const DETAILS = ['head', 'known', 'all'] as const;

type Room = {
  readonly most: number;
  size(text: string): number;
  /** An item in the channel's own form. */
  render(item: ItemText, detail: Detail): string;
};

const LINE = 400;
const LOG_LINE = 200;
const LOG_LINES = 10;

/**
 * Items in a message of limited size, and how many found no room. First as many as possible with one line each, then more
 * of the first ones, which are the worst.
 */
export function fitted(items: readonly ItemText[], { most, size, render }: Room) {
  const short = items.map(shortened);
  const parts: string[] = [];
  let left = most;
  for (const item of short) {
    const part = render(item, 'head');
    if (size(part) > left) break;
    parts.push(part);
    left -= size(part);
  }
  for (const [i, part] of parts.entries()) {
    const item = short[i];
    if (item === undefined) continue;
    const more = DETAILS.map((detail) => render(item, detail)).filter((one) => size(one) - size(part) <= left);
    const best = more.at(-1) ?? part;
    left -= size(best) - size(part);
    parts[i] = best;
  }
  return { parts, unsaid: items.length - parts.length };
}

const shortened = ({ head, details, log, fix }: ItemText): ItemText => ({
  head: cut(head, LINE),
  details: details.map((line) => cut(line, LINE)),
  log: log.slice(-LOG_LINES).map((line) => cut(line, LOG_LINE)),
  fix: fix === null ? null : cut(fix, LINE),
});

/** The first `most` characters, of which the last is whole. */
export function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** An item as plain lines. */
function plainItem({ head, details, log, fix }: ItemText, detail: Detail): string {
  const known = detail === 'head' ? [] : details;
  const last = detail === 'head' || fix === null ? [] : [fix];
  return [
    head,
    ...[...known, ...(detail === 'all' ? log.map((line) => `| ${line}`) : []), ...last].map((line) => `  ${line}`),
  ]
    .join('\n')
    .concat('\n');
}

/** All of a notice below its title as plain lines, within a size. */
export function plainBody(text: NoticeText, most: number, size: (text: string) => number): string {
  const reserve = size(text.rest(text.items.length) ?? '') + 1;
  const { parts, unsaid } = fitted(text.items, {
    most: most - reserve,
    size: (part) => size(part) + 1,
    render: plainItem,
  });
  return [...parts, ...[text.rest(unsaid) ?? []].flat()].join('\n').trimEnd();
}

export const characters = (text: string): number => text.length;
export const bytes = (text: string): number => Buffer.byteLength(text);
