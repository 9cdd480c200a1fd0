import type { Closed, MonitorState, Pause, SubjectState, Told } from './state.ts';
import { freshId, idsIn } from './state.ts';

// What people tell the monitor, and what they ask it.

/** Reminders stop, until `until` if that is said. Null where no problem has this name. */
export function acknowledge(
  state: MonitorState,
  id: string,
  { by, at, until }: { readonly by: string; readonly at: number; readonly until: number | null },
): { readonly state: MonitorState; readonly subject: SubjectState } | null {
  const found = Object.entries(state.subjects).find(([, { problem }]) => problem?.id === id);
  if (found === undefined) return null;
  const [key, one] = found;
  if (one.problem === null) return null;
  const subject = { ...one, problem: { ...one.problem, ack: { by, at, until } } };
  return { state: { ...state, subjects: { ...state.subjects, [key]: subject } }, subject };
}

export function pause(
  state: MonitorState,
  order: Omit<Pause, 'id'>,
): { readonly state: MonitorState; readonly pause: Pause } {
  const id = freshId(`${order.host}\n${order.app}\n${order.since}\n${order.until}`, idsIn(state));
  const made = { id, ...order };
  return { state: { ...state, pauses: [...openPauses(state, order.since), made] }, pause: made };
}

export const openPauses = (state: MonitorState, at: number): readonly Pause[] =>
  state.pauses.filter(({ until }) => until > at);

/** Null where no pause has this name. */
export function endPause(
  state: MonitorState,
  id: string,
): { readonly state: MonitorState; readonly pause: Pause } | null {
  const found = state.pauses.find((one) => one.id === id);
  return found === undefined
    ? null
    : { state: { ...state, pauses: state.pauses.filter((one) => one !== found) }, pause: found };
}

/** How a verdict came about, and who was told. */
export type Trail = {
  readonly open: SubjectState | null;
  readonly closed: Closed | null;
  readonly told: readonly Told[];
};

/** Null where nothing is known by this name. */
export function trailOf(state: MonitorState, id: string): Trail | null {
  const open = Object.values(state.subjects).find(({ problem }) => problem?.id === id) ?? null;
  const closed = state.closed.find((one) => one.id === id) ?? null;
  return open === null && closed === null ? null : { open, closed, told: state.trail.filter((one) => one.id === id) };
}
