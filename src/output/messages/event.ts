import type { FleetEvent } from '../../model/events.ts';
import { unreachable } from '../../model/outcome.ts';
import { list } from '../../util/count.ts';
import { checked } from './check.ts';
import { findingLine, fixedLine } from './doctor/finding.ts';
import { ended, explainOutcome } from './outcome.ts';
import { PHASE } from './phase.ts';
import { planned } from './plan.ts';
import { duration } from './time.ts';

const STEP = { started: 'start', done: 'done', failed: 'FAILED', undone: 'undone' } as const;

export const awayFor = ({ unit, ms }: { readonly unit: string; readonly ms: number }): string =>
  `${unit} was restarted and not there for ${duration(ms)}`;

/** One event in one line, without its host. */
export function formatEvent(event: FleetEvent): string {
  switch (event.type) {
    case 'phase':
      return PHASE[event.phase];
    case 'planned':
      return `plan: ${planned(event.plan)}`;
    case 'step':
      return `${STEP[event.state]}: ${event.title}`;
    case 'progress':
      return `sent ${event.percent} %${event.rate === '' ? '' : ` (${event.rate})`}`;
    case 'output':
      return `${event.stream === 'stderr' ? 'err' : 'out'}: ${event.line}`;
    case 'note':
      return `note: ${event.text}`;
    case 'kept':
      return `left alone, since nothing that it uses has changed: ${list(event.units)}`;
    case 'away':
      return awayFor(event);
    case 'again':
      return `${event.unit} is stopped, and comes back when ${event.by} asks for it: stop that too`;
    case 'check':
      return checked(event.result);
    case 'finding':
      return findingLine(event.finding);
    case 'fixed':
      return fixedLine(event.fixed);
    case 'ended': {
      const why = explainOutcome(event.outcome, { hosts: [event.host], app: event.app })?.what;
      return `${ended(event.outcome)} (${duration(event.durationMs)})${why === undefined ? '' : `: ${why}`}`;
    }
    default:
      return unreachable(event);
  }
}
