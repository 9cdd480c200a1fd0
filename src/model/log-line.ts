import type { Failure } from './outcome.ts';

/** A line that a service has said. */
export type LogLine = {
  readonly unit: string;
  /** Microseconds since the epoch, by the host's clock. */
  readonly at: number;
  /** Whether that is when it was written; without systemd nobody knows, and it is when it was found. */
  readonly exact: boolean;
  /** As syslog counts them; null where it has none. */
  readonly priority: number | null;
  readonly text: string;
  /** Of the journal. */
  readonly cursor: string;
  readonly boot: string;
};

/** What is told of a host besides its lines. */
export type LogNews =
  | { readonly news: 'lost'; readonly failure: Failure; readonly last: number | null }
  | { readonly news: 'back' }
  /** Lines may be missing here. */
  | { readonly news: 'gap' }
  | { readonly news: 'rebooted' }
  /** Its lines have no times, so that these bounds of time are kept by none of them. */
  | { readonly news: 'no-times'; readonly ignored: readonly string[] }
  /** In the host's words. */
  | { readonly news: 'trouble'; readonly text: string };
