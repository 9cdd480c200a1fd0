import { describe, expect, it } from 'vitest';
import type { Alert } from '../../src/model/alert.ts';
import type { Delivery } from '../../src/model/notice.ts';
import { batchFor, delivered, enqueue, expire, STDOUT } from '../../src/monitor/outbox.ts';
import { EMPTY, type MonitorState } from '../../src/monitor/state.ts';
import { HOUR, MINUTE, NOON } from './simulate.ts';

const CHANNELS = [STDOUT, 'chat', 'mail'];
const SENT: Delivery = { sent: true, answer: '200' };
const BUSY: Delivery = { sent: false, permanent: false, answer: '503', retryAfterMs: null };
const GONE: Delivery = { sent: false, permanent: true, answer: '404 no_service', retryAfterMs: null };

const alert = (kind: Alert['kind'], more: Partial<Alert> = {}): Alert => ({
  ...{
    id: 'abcd',
    kind,
    severity: kind === 'recovered' ? 'ok' : 'critical',
    at: NOON,
    since: NOON,
    evidence: [],
    log: [],
  },
  ...{ subject: { host: 'web1', app: 'app', check: 'http' }, fix: null },
  about: { what: 'state', detail: 'no answer', hides: 0, change: null },
  ...more,
});

const laidIn = (...alerts: readonly Alert[]) => enqueue(EMPTY, alerts, CHANNELS, NOON);
const kinds = (state: MonitorState, channel: string, at = NOON) =>
  batchFor(state, channel, at)?.alerts.map(({ kind, about }) => (about.what === 'state' ? kind : about.what)) ?? [];

function sending(state: MonitorState, channel: string, delivery: Delivery, at: number): MonitorState {
  const batch = batchFor(state, channel, at);
  if (batch === null) throw new Error(`nothing is due on ${channel}`);
  return delivered(state, channel, batch, delivery, CHANNELS, at);
}

describe('what is laid in for a channel', () => {
  it('is gone from it once it has taken it, and from no other', () => {
    const state = sending(laidIn(alert('problem')), 'chat', SENT, NOON);
    expect([kinds(state, 'chat'), kinds(state, 'mail')]).toEqual([[], ['problem']]);
  });

  it('is all that came up to the moment in which it was sent, and not what came behind it', () => {
    const state = laidIn(alert('problem'));
    const batch = batchFor(state, 'chat', NOON);
    const later = enqueue(state, [alert('problem', { id: 'wxyz' })], CHANNELS, NOON);
    if (batch === null) throw new Error('nothing is due');
    expect(batchFor(delivered(later, 'chat', batch, SENT, CHANNELS, NOON), 'chat', NOON)?.alerts).toHaveLength(1);
  });

  it('is tried again, each time later', () => {
    let state = laidIn(alert('problem'));
    const waits: number[] = [];
    for (let at = NOON, i = 0; i < 9; i += 1) {
      state = sending(state, 'chat', BUSY, at);
      const before = at;
      while (batchFor(state, 'chat', at) === null) at += MINUTE;
      waits.push((at - before) / MINUTE);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  });

  it('waits as long as the channel wants, at most a day', () => {
    const wait = (retryAfterMs: number) => {
      const state = sending(laidIn(alert('problem')), 'chat', { ...BUSY, retryAfterMs }, NOON);
      return (state.channels.chat?.retryAt ?? 0) - NOON;
    };
    expect([wait(7 * MINUTE), wait(1e12)]).toEqual([7 * MINUTE, 24 * HOUR]);
  });

  it.each<readonly [string, readonly Alert[], readonly string[]]>([
    ['problem and recovery are one', [alert('problem'), alert('recovered')], ['was-down']],
    ['what has got worse meanwhile is a problem', [alert('problem'), alert('changed')], ['problem']],
    ['so is one with a reminder', [alert('problem'), alert('reminder')], ['problem']],
    ['several reminders are one', [alert('reminder'), alert('reminder')], ['reminder']],
    ['a change and a reminder are a change', [alert('changed'), alert('reminder')], ['changed']],
    ['of one that is known the recovery is one', [alert('changed'), alert('recovered')], ['recovered']],
    [
      'what happens while it comes and goes is told with that',
      [alert('flapping', { about: { what: 'flapping', changes: 6, detail: '' } }), alert('changed')],
      ['flapping'],
    ],
    ['what has settled is told as settled', [alert('flapping'), alert('settled')], ['settled']],
    ['two problems are two', [alert('problem'), alert('problem', { id: 'wxyz' })], ['problem', 'problem']],
  ])('%s', (_, alerts, want) => {
    expect(kinds(laidIn(...alerts), 'chat')).toEqual(want);
  });

  it('is not tried again where the channel never takes it; the others are told so, once', () => {
    const first = sending(laidIn(alert('problem')), 'chat', GONE, NOON);
    expect(kinds(first, 'chat')).toEqual([]);
    expect(kinds(first, 'mail')).toEqual(['problem', 'channel-refused']);
    expect(kinds(first, STDOUT)).toEqual(['problem', 'channel-refused']);
    const second = sending(enqueue(first, [alert('recovered')], CHANNELS, NOON), 'chat', GONE, NOON);
    expect(kinds(second, 'mail')).toEqual(['channel-refused', 'was-down']);
  });

  it('and is told so again when it has worked in between', () => {
    const again = (state: MonitorState) => enqueue(state, [alert('problem')], ['chat'], NOON);
    const broken = sending(again(EMPTY), 'chat', GONE, NOON);
    const back = sending(again(broken), 'chat', SENT, NOON);
    expect(kinds(sending(again(back), 'chat', GONE, NOON), 'mail')).toEqual(['channel-refused', 'channel-refused']);
  });

  it('is given up after a day, which is said on standard output', () => {
    const old = sending(laidIn(alert('problem')), 'chat', BUSY, NOON);
    expect(expire(old, CHANNELS, NOON + 24 * HOUR - 1)).toEqual(old);
    const given = expire(old, CHANNELS, NOON + 24 * HOUR);
    expect(kinds(given, 'chat', NOON + 48 * HOUR)).toEqual([]);
    expect(kinds(given, STDOUT)).toEqual(['problem', 'expired', 'expired']);
    const about = batchFor(given, STDOUT, NOON)?.alerts.map((one) => one.about);
    expect(about?.[1]).toEqual({ what: 'expired', channel: 'chat', items: 1, answer: '503' });
  });

  it('does not grow without end', () => {
    const many = Array.from({ length: 1000 }, (_, i) => alert('problem', { id: `p${i}` }));
    const state = expire(laidIn(...many), CHANNELS, NOON);
    expect(state.channels.chat?.pending).toHaveLength(300);
  });

  it('leaves a trail of who was told what, with which answer', () => {
    const state = sending(sending(laidIn(alert('problem')), 'chat', BUSY, NOON), 'mail', SENT, NOON + 1);
    expect(state.trail).toEqual([
      { id: 'abcd', kind: 'problem', at: NOON, channel: 'chat', sent: false, answer: '503' },
      { id: 'abcd', kind: 'problem', at: NOON + 1, channel: 'mail', sent: true, answer: '200' },
    ]);
  });
});
