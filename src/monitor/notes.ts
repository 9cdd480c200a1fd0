import type { Alert } from '../model/alert.ts';
import type { Delivery } from '../model/notice.ts';
import { enqueue, ofOurs } from './outbox.ts';
import type { MonitorState } from './state.ts';

// What is about the monitor's own work, and true for many runs in a row: told once, and not on each of them.

const WEEK = 7 * 86_400_000;
const MOST_NOTES = 500;
const MOST_LETTERS = 500;

/** Lays in what nobody has been told yet; what was not said for a week is forgotten. */
export function noted(
  before: MonitorState,
  said: readonly string[],
  channels: readonly string[],
  at: number,
): MonitorState {
  const notes = new Map(Object.entries(before.notes).filter(([, last]) => at - last < WEEK));
  const texts = [...new Set(said.map((text) => text.slice(0, MOST_LETTERS)))];
  const fresh = texts.filter((text) => !notes.has(text));
  for (const text of texts) {
    notes.delete(text);
    notes.set(text, at);
  }
  const state = { ...before, notes: Object.fromEntries([...notes].slice(-MOST_NOTES)) };
  const alerts = fresh.map((text): Alert => ofOurs('warning', { what: 'note', text }, at));
  return enqueue(state, alerts, channels, at);
}

/** What pings have answered: lays in those that fail from now on, and those that do no longer. */
export function pinged(
  before: MonitorState,
  heard: ReadonlyMap<string, Delivery>,
  channels: readonly string[],
  at: number,
): MonitorState {
  const { pings } = before;
  const failing = [...heard].filter(([, { sent }]) => !sent);
  const alerts = [...heard].flatMap(([ping, { sent, answer }]): Alert[] => {
    const since = pings[ping]?.since ?? null;
    if (sent === (since === null)) return [];
    return [ofOurs(sent ? 'ok' : 'warning', { what: 'ping', ping, answer: sent ? '' : answer }, at, since)];
  });
  const state = {
    ...before,
    pings: Object.fromEntries(failing.map(([ping, { answer }]) => [ping, { since: pings[ping]?.since ?? at, answer }])),
  };
  return enqueue(state, alerts, channels, at);
}
