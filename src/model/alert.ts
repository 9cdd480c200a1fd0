import type { NoticeItem, Severity, Subject } from './notice.ts';

/** What a monitor has to tell, as a record: it is kept until every channel has it, and worded when it is sent. */
export type Alert = {
  readonly id: string;
  readonly kind: NoticeItem['kind'];
  readonly severity: Severity;
  readonly subject: Subject;
  /** When it was found; milliseconds since 1970, as all times here. */
  readonly at: number;
  /** Since when it is so; of what is well again, since when it was not. */
  readonly since: number | null;
  readonly about: About;
  readonly evidence: readonly string[];
  readonly log: readonly string[];
  readonly fix: string | null;
  /** What is live there, and when it was last well; where nobody knows, and in what an older fleet has kept, none. */
  readonly live?: Live | null;
  readonly wellAt?: number | null;
};

/** A generation, since when and by whom; null where the host does not tell. */
export type Live = { readonly generation: number; readonly at: number | null; readonly by: string | null };

export type About =
  /** The check, the app or the host itself, in its own words. */
  | { readonly what: 'state'; readonly detail: string; readonly hides: number; readonly change: Change | null }
  /** Nobody answers: this machine's own network, or the host `jump` that all are reached through. */
  | { readonly what: 'vantage'; readonly hosts: number; readonly jump: string | null; readonly hides: number }
  /** Those behind a host that is only passed through do not answer. */
  | { readonly what: 'jump'; readonly hosts: number; readonly hides: number }
  /** A run came to its end before it came to these. */
  | { readonly what: 'no-time'; readonly hosts: number; readonly some: readonly string[] }
  | { readonly what: 'transaction'; readonly by: string; readonly phase: string; readonly overdueMs: number | null }
  | { readonly what: 'flapping'; readonly changes: number; readonly detail: string }
  /** It was bad and is well again before anybody was told that it was. */
  | { readonly what: 'was-down'; readonly detail: string }
  | { readonly what: 'gap' }
  | { readonly what: 'channel-refused'; readonly channel: string; readonly answer: string }
  | { readonly what: 'expired'; readonly channel: string; readonly items: number; readonly answer: string }
  /** Something about this machine or a login, which is so on every run. */
  | { readonly what: 'note'; readonly text: string }
  /** A ping is not heard; one that is again has no answer. */
  | { readonly what: 'ping'; readonly ping: string; readonly answer: string }
  | { readonly what: 'state-set-aside'; readonly path: string; readonly why: string };

/** What went live since a check was last well. */
export type Change = {
  readonly generation: number;
  readonly from: number;
  readonly at: number | null;
  readonly by: string | null;
};
