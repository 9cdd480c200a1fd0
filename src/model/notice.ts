/** How bad something is. `info` asks for nothing. */
export type Severity = 'critical' | 'warning' | 'info' | 'ok';

/** What a notice speaks of; null from the right where it speaks of more: of all of a host, or of this machine. */
export type Subject = { readonly host: string | null; readonly app: string | null; readonly check: string | null };

/** One thing that a reader has not been told yet, or has to be told again. All text is harmless on a terminal and free of secrets. */
export type NoticeItem = {
  /** Short and stable for as long as the problem lasts: what `fleet ack` and `fleet health --explain` take. */
  readonly id: string;
  readonly kind:
    | 'problem'
    | 'changed'
    | 'recovered'
    | 'reminder'
    | 'flapping'
    | 'settled'
    | 'unwatched'
    | 'gap'
    | 'deploy'
    | 'info';
  readonly severity: Severity;
  readonly subject: Subject;
  /** One line: what is wrong, or what is well again and how long it was not. */
  readonly text: string;
  /** Milliseconds since 1970; null where that is not known. */
  readonly since: number | null;
  /** What is known of why, each a line: the cause, the generation and who deployed it, what it hides. */
  readonly evidence: readonly string[];
  /** The last words of that run of the service, scrubbed. */
  readonly log: readonly string[];
  /** The next command to type. */
  readonly fix: string | null;
};

/** All that one run has to tell: one message on every channel. Root causes first, the worst first among them. */
export type Notice = {
  readonly project: string;
  /** A UUID: the same notice has the same one however often it is sent. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly worst: Severity;
  readonly headline: string;
  readonly items: readonly NoticeItem[];
  /** How many items there are besides these, and the command that shows them. */
  readonly more: number;
  readonly moreWith: string | null;
};

/** How sending one notice to one channel ended. What is permanent is not tried again. */
export type Delivery =
  | { readonly sent: true; readonly answer: string }
  | {
      readonly sent: false;
      readonly permanent: boolean;
      readonly answer: string;
      readonly retryAfterMs: number | null;
    };

/** A way to reach somebody. */
export type Channel = { name: string; deliver(notice: Notice, signal: AbortSignal): Promise<Delivery> };
