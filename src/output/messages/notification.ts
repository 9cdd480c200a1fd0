import type { Delivery, Notice, NoticeItem, Severity, Subject } from '../../model/notice.ts';
import { when } from './report.ts';
import { duration } from './time.ts';

/** One item in the words that every channel lays out in its own way. Each text is one line. */
export type ItemText = {
  readonly head: string;
  readonly details: readonly string[];
  readonly log: readonly string[];
  readonly fix: string | null;
};

/** A notice in words. */
export type NoticeText = {
  readonly title: string;
  readonly items: readonly ItemText[];
  /** What is said where `unsaid` of the items found no room; null where there is nothing to say. */
  rest(unsaid: number): string | null;
};

export const noticeText = ({ project, headline, items, more, moreWith }: Notice): NoticeText => ({
  title: `${project}: ${headline}`,
  items: items.map((item) => ({
    head: headOf(item),
    details: [...(item.since === null ? [] : [`since ${moment(item.since)}`]), ...item.evidence],
    log: item.log,
    fix: item.fix === null ? null : `next: ${item.fix}`,
  })),
  rest(unsaid) {
    if (more + unsaid === 0) return null;
    return `and ${more + unsaid} more${moreWith === null ? '' : `: ${moreWith}`}`;
  },
});

const LEVEL: Readonly<Record<Severity, string>> = { critical: 'CRITICAL', warning: 'WARNING', info: 'INFO', ok: 'OK' };

const MARK: Readonly<Record<NoticeItem['kind'], (level: string) => string>> = {
  problem: (level) => level,
  changed: (level) => `NOW ${level}`,
  recovered: () => 'RECOVERED',
  reminder: (level) => `STILL ${level}`,
  flapping: (level) => `FLAPPING, ${level}`,
  settled: (level) => `SETTLED, ${level}`,
  unwatched: () => 'NO LONGER WATCHED',
  gap: () => 'NOBODY LOOKED',
  deploy: (level) => level,
  info: (level) => level,
};

function headOf({ kind, severity, subject, text }: NoticeItem): string {
  const about = aboutWhom(subject, text);
  return `${MARK[kind](LEVEL[severity])}: ${about === '' ? '' : `${about}: `}${text}`;
}

/** A text that names its host or check already does not have it twice. */
function aboutWhom({ host, app, check }: Subject, text: string): string {
  if (host !== null && text.split(/[\s:,]+/).includes(host)) return '';
  const place = [host, app].filter((part) => part !== null).join('/');
  return [place, check === null || text.startsWith(check) ? '' : check].filter((part) => part !== '').join(' ');
}

const moment = (ms: number): string => `${when(new Date(ms).toISOString())} UTC`;

/** How it went, in one line. */
export function deliveryLine(name: string, delivery: Delivery): string {
  if (delivery.sent) return `${name}: told: ${delivery.answer}`;
  const wait = delivery.retryAfterMs === null ? '' : `; wants to be left alone for ${duration(delivery.retryAfterMs)}`;
  return `${name}: NOT TOLD: ${delivery.answer}${wait}${delivery.permanent ? '; trying again would not help' : ''}`;
}
