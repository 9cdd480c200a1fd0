import type { FleetEvent, Summary } from '../../model/events.ts';
import type { RunNotes } from '../tables/run-notes.ts';

/** One way to show a run. May throw: the reporter is what keeps the engine safe from it. */
export interface Renderer {
  on(event: FleetEvent): void;
  /** Prints the end of the run. */
  close(summary: Summary, notes: RunNotes): void;
  /** Takes what is drawn away, so that others may write to the terminal, until `resume`. */
  suspend(): void;
  resume(): void;
  /** Stops at once and gives the terminal back; may be called at any time, and twice. */
  abandon(): void;
}
