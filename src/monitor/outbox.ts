import type { Alert } from '../model/alert.ts';
import type { Delivery, Severity } from '../model/notice.ts';
import { type ChannelState, MOST_TRAIL, type MonitorState, type Pending, type Told } from './state.ts';

// What was found is on the disk before anybody is told of it, and stays there for each channel until that has taken it.

/** Standard output, which cron mails: it takes whatever there is to tell, and what the others do not take. */
export const STDOUT = 'stdout';

const MINUTE = 60_000;
const DAY = 86_400_000;
/** So many are kept for a channel that takes nothing. */
const MOST_PENDING = 300;

const FRESH: ChannelState = { pending: [], failures: 0, retryAt: 0, refused: null, answer: '' };

const channelOf = (state: MonitorState, name: string): ChannelState => state.channels[name] ?? FRESH;

const withChannel = (state: MonitorState, name: string, channel: ChannelState): MonitorState => ({
  ...state,
  channels: { ...state.channels, [name]: channel },
});

/** Lays alerts in for channels. */
export function enqueue(
  before: MonitorState,
  alerts: readonly Alert[],
  channels: readonly string[],
  at: number,
): MonitorState {
  if (alerts.length === 0) return before;
  const pending = alerts.map((alert, i): Pending => ({ seq: before.seq + i, queued: at, alert }));
  return channels.reduce(
    (state, name) => {
      const channel = channelOf(state, name);
      return withChannel(state, name, { ...channel, pending: [...channel.pending, ...pending] });
    },
    { ...before, seq: before.seq + pending.length },
  );
}

/** Gives up what no channel has taken for a day, and what is too much; says so on standard output. */
export function expire(before: MonitorState, channels: readonly string[], at: number): MonitorState {
  const kept = Object.fromEntries(Object.entries(before.channels).filter(([name]) => channels.includes(name)));
  let state: MonitorState = { ...before, channels: kept };
  for (const [name, channel] of Object.entries(kept)) {
    const pending = channel.pending.filter(({ queued }) => name === STDOUT || at - queued < DAY).slice(-MOST_PENDING);
    const items = channel.pending.length - pending.length;
    if (items === 0) continue;
    state = withChannel(state, name, { ...channel, pending });
    const about = { what: 'expired', channel: name, items, answer: channel.answer } as const;
    state = enqueue(state, [ofOurs('warning', about, at)], [STDOUT], at);
  }
  return state;
}

/** Something that is about the monitor itself. */
export const ofOurs = (severity: Severity, about: Alert['about'], at: number, since: number | null = null): Alert => ({
  ...{ id: '', kind: about.what === 'gap' ? 'gap' : 'info', severity, at, since, about },
  subject: { host: null, app: null, check: null },
  ...{ evidence: [], log: [], fix: null },
});

/** What a channel is to be told now, each thing once, and the last that is among it. */
export type Batch = { readonly alerts: readonly Alert[]; readonly upTo: number };

export function batchFor(state: MonitorState, name: string, at: number): Batch | null {
  const { pending, retryAt } = channelOf(state, name);
  const last = pending.at(-1);
  if (last === undefined || retryAt > at) return null;
  const alerts = fold(pending.map(({ alert }) => alert));
  return { alerts, upTo: last.seq };
}

/** Of each problem what a reader who knows nothing of all this needs: how it is now. */
function fold(alerts: readonly Alert[]): readonly Alert[] {
  const found = new Map<string, Alert>();
  for (const [i, alert] of alerts.entries()) {
    const key = alert.id === '' ? `#${i}` : alert.id;
    const before = found.get(key);
    found.delete(key);
    found.set(key, before === undefined ? alert : folded(before, alert));
  }
  return [...found.values()];
}

function folded(before: Alert, after: Alert): Alert {
  const known = before.kind !== 'problem';
  if (after.kind === 'recovered' && !known && after.about.what !== 'was-down') {
    const detail = 'detail' in before.about ? before.about.detail : '';
    return { ...after, about: { what: 'was-down', detail }, evidence: before.evidence, log: before.log };
  }
  if (after.kind !== 'changed' && after.kind !== 'reminder') return after;
  // It still comes and goes, and something has happened again.
  if (before.about.what === 'flapping' && before.kind === 'flapping') {
    const detail = 'detail' in after.about ? after.about.detail : '';
    return { ...after, kind: 'flapping', since: before.since, about: { ...before.about, detail } };
  }
  if (!known) return { ...after, kind: 'problem' };
  return before.kind === 'changed' ? { ...after, kind: 'changed' } : after;
}

/** What became of sending a batch. */
export function delivered(
  before: MonitorState,
  name: string,
  { alerts, upTo }: Batch,
  delivery: Delivery,
  channels: readonly string[],
  at: number,
): MonitorState {
  const channel = channelOf(before, name);
  const answer = delivery.answer.slice(0, 200);
  const ids = [...new Map(alerts.map((alert) => [`${alert.id} ${alert.kind}`, alert])).values()];
  const told = ids.map(({ id, kind }): Told => ({ id, kind, at, channel: name, sent: delivery.sent, answer }));
  const state = { ...before, trail: [...before.trail, ...told].slice(-MOST_TRAIL) };
  const rest = channel.pending.filter(({ seq }) => seq > upTo);
  if (delivery.sent) return withChannel(state, name, { ...FRESH, pending: rest });
  if (!delivery.permanent) {
    const failures = channel.failures + 1;
    const wait = Math.max(delivery.retryAfterMs ?? 0, Math.min(60, 2 ** (failures - 1)) * MINUTE);
    return withChannel(state, name, { ...channel, failures, answer, retryAt: at + Math.min(wait, DAY) });
  }
  const after = withChannel(state, name, { ...FRESH, pending: rest, refused: answer, answer });
  // Readers of the other channels have all that this one did not take; that it does not, they are told once.
  if (channel.refused === answer) return after;
  const about = { what: 'channel-refused', channel: name, answer } as const;
  const others = channels.filter((one) => one !== name);
  return enqueue(after, [ofOurs('warning', about, at)], others, at);
}
