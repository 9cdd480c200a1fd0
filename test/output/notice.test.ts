import { expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import { mailText, notice } from '../../src/output/messages/monitor/alert.ts';
import { noticeText } from '../../src/output/messages/notification.ts';

const AT = Date.UTC(2026, 10, 29, 22, 0, 0);
const problem: Alert = {
  ...{ id: 'k3fp', kind: 'problem', severity: 'critical', at: AT, since: AT },
  subject: { host: 'web1', app: 'shop', check: 'http http://127.0.0.1:8000/health' },
  about: { what: 'state', detail: 'answers 500', hides: 0, change: null },
  ...{ evidence: [], log: [], fix: null },
};
const one = notice([problem], { project: 'acme', id: 'id', at: AT });

it('a notice of the monitor names its project and its host once, on standard output and over a channel', () => {
  const channel = noticeText(one);
  for (const text of [mailText(one), `${channel.title}\n${channel.items.map(({ head }) => head).join('\n')}`]) {
    expect(text.split('acme')).toHaveLength(2);
    expect(text.split('\n').filter((line) => line.split('web1').length > 2)).toEqual([]);
    expect(text).toContain('shop on web1: http http://127.0.0.1:8000/health: answers 500');
  }
});
