import type { FleetEvent } from '../../model/events.ts';
import { formatEvent } from '../messages/event.ts';
import type { Row } from '../tables/group.ts';
import { label, severalApps } from '../tables/group.ts';
import { planLines } from '../tables/plans.ts';
import { rowKey } from '../tables/run-notes.ts';
import { summaryLines } from '../tables/summary.ts';
import type { Paint } from '../text/paint.ts';
import type { Sink } from '../text/sink.ts';
import type { Renderer } from './renderer.ts';

/**
 * How much is printed while the run goes on; `notes` are what a reading command has to say besides its report,
 * `lines` what a command on the hosts prints, and nothing else.
 */
type Verbosity = 'quiet' | 'notes' | 'lines' | 'normal' | 'verbose';

export type PlainLook = {
  readonly verbosity: Verbosity;
  readonly paint: Paint;
  /** Whether each line begins with its time, in UTC. */
  readonly stamped: boolean;
};

/** Milliseconds between two progress lines of one host. */
const PROGRESS_EVERY = 10_000;

/** One line per event, prefixed by its host, then the summary: for cron, CI, files and `--verbose`. */
export function plainRenderer(stdout: Sink, rows: readonly Row[], { verbosity, paint, stamped }: PlainLook): Renderer {
  const several = severalApps(rows);
  const progressAt = new Map<string, number>();
  const answers = new Map<string, string>();
  let said = false;

  const isDue = (event: FleetEvent & { type: 'progress' }) => {
    const key = rowKey(event);
    const last = progressAt.get(key);
    if (last === undefined) progressAt.set(key, event.at);
    if (last === undefined || event.at - last < PROGRESS_EVERY) return false;
    progressAt.set(key, event.at);
    return true;
  };
  /** Checks are polled until they pass: the same answer again is no news. */
  const isNews = (event: FleetEvent & { type: 'check' }) => {
    const key = `${rowKey(event)}\0${event.result.check}`;
    const before = answers.get(key);
    answers.set(key, formatEvent(event));
    return before !== formatEvent(event);
  };
  const isSaid = (event: FleetEvent) => {
    if (verbosity === 'quiet') return false;
    if (verbosity === 'lines') return event.type === 'output' || event.type === 'note';
    if (verbosity === 'notes') return event.type === 'note' || event.type === 'again';
    if (event.type === 'check') return isNews(event);
    if (event.type === 'output') return verbosity === 'verbose';
    return event.type !== 'progress' || isDue(event);
  };
  const more = (event: FleetEvent) => {
    if (event.type !== 'planned') return [];
    return planLines(verbosity === 'verbose' ? event.plan : { ...event.plan, changes: [], units: [] }, paint);
  };
  return {
    on(event) {
      if (!isSaid(event)) return;
      said = true;
      const time = stamped ? `${new Date(event.at).toISOString()} ` : '';
      const prefix = `${time}${label(event, several && verbosity !== 'lines')} | `;
      if (verbosity === 'lines' && event.type === 'output') {
        stdout.write(`${prefix}${event.line}\n`);
        return;
      }
      stdout.write([formatEvent(event), ...more(event)].map((line) => `${prefix}${line}\n`).join(''));
    },
    close(summary, notes) {
      const look = { paint, width: Number.POSITIVE_INFINITY, remarks: false };
      const lines = summaryLines(summary, notes, look);
      if (verbosity === 'lines' && lines.length === 0) return;
      stdout.write(`${said ? '\n' : ''}${lines.join('\n')}\n`);
    },
    suspend() {},
    resume() {},
    abandon() {},
  };
}
