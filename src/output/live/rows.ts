import type { FleetEvent } from '../../model/events.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import { formatEvent } from '../messages/event.ts';
import { PHASE } from '../messages/phase.ts';
import { elapsed } from '../messages/time.ts';
import type { Row } from '../tables/group.ts';
import { rowKey } from '../tables/run-notes.ts';

/** One host as it stands right now. Times are milliseconds since the Unix epoch. */
export type RowState = Row &
  (
    | { readonly state: 'waiting' }
    | {
        readonly state: 'active';
        readonly doing: string;
        readonly latest: string;
        readonly since: number;
        /** The first that was told of what is sent. */
        readonly sending?: { readonly at: number; readonly percent: number };
      }
    | { readonly state: 'ended'; readonly outcome: HostOutcome; readonly durationMs: number }
  );

type Active = Extract<RowState, { state: 'active' }>;

/** The state of all hosts, folded from the events; the only mutable part of the view. */
export interface Rows {
  on(event: FleetEvent): void;
  all(): RowState[];
}

export function trackRows(rows: readonly Row[]): Rows {
  const states = new Map<string, RowState>(rows.map((row) => [rowKey(row), { ...row, state: 'waiting' }]));
  return {
    on(event) {
      const { host, app } = event;
      const before = states.get(rowKey(event)) ?? { host, app, state: 'waiting' };
      states.set(rowKey(event), next(before, event));
    },
    all: () => [...states.values()],
  };
}

function next(before: RowState, event: FleetEvent): RowState {
  const { host, app } = before;
  if (before.state === 'ended') return before;
  if (event.type === 'ended') {
    return { host, app, state: 'ended', outcome: event.outcome, durationMs: event.durationMs };
  }
  const active: Active = { host, app, state: 'active', doing: '', latest: '', since: event.at };
  const now = before.state === 'active' ? before : active;
  switch (event.type) {
    case 'phase':
      return { ...now, doing: PHASE[event.phase], latest: '' };
    case 'step':
      return { ...active, since: now.since, doing: event.state === 'started' ? event.title : formatEvent(event) };
    case 'progress': {
      const sending = now.sending ?? event;
      const latest = `${String(event.percent).padStart(3)} % ${event.rate}`.trimEnd();
      return {
        ...now,
        sending: { at: sending.at, percent: sending.percent },
        latest: `${latest}${left(sending, event)}`,
      };
    }
    case 'output':
      return { ...now, latest: event.line };
    case 'check':
    case 'finding':
    case 'fixed':
      return { ...now, latest: formatEvent(event) };
    case 'planned':
    case 'kept':
    case 'away':
    case 'again':
    case 'note':
      return now;
  }
}

type Sent = { readonly at: number; readonly percent: number };

/** How long it will go on as it went so far; nothing where that is too short to say. */
function left(first: Sent, now: Sent): string {
  const [ms, done] = [now.at - first.at, now.percent - first.percent];
  return ms < 1000 || done <= 0 || now.percent >= 100 ? '' : `, ${elapsed((ms * (100 - now.percent)) / done)} left`;
}
