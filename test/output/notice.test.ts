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

it('a problem says since when, when it was last well, and what is live there since when and by whom', () => {
  const live = { generation: 7, at: AT - 3_600_000, by: 'alice@laptop' };
  const told = { ...problem, live, wellAt: AT - 300_000 };
  const said = mailText(notice([told], { project: 'acme', id: 'id', at: AT })).split('\n');
  expect(said.slice(3, 7)).toEqual([
    '  since 22:00 UTC',
    '  generation 7 is live since 21:00 UTC by alice@laptop',
    '  last well at 21:55 UTC',
    '  next: fleet health --host web1 --app shop',
  ]);
  // Where another one was well it says so, and not both.
  const change = { generation: 7, from: 6, at: live.at, by: live.by };
  const changed = { ...told, about: { what: 'state', detail: '', hides: 0, change } } as const;
  const after = mailText(notice([changed], { project: 'acme', id: 'id', at: AT }));
  expect(after.match(/generation 7.*/g)).toEqual([
    'generation 7 is live since 21:00 UTC by alice@laptop; it was last well with 6',
  ]);
  expect(after).toContain('  next: fleet rollback --to 6 --host web1 --app shop');
  // Of what is well again nothing of it.
  const well = { ...told, kind: 'recovered', severity: 'ok' } as const;
  expect(mailText(notice([well], { project: 'acme', id: 'id', at: AT }))).not.toMatch(
    /generation|last well|^ {2}since/m,
  );
});
