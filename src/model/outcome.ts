import type { GenerationId } from './ids.ts';
import type { HostReport } from './report.ts';

/** How a remote command ended. A lost connection is never an `Exit`; it is a `Failure`. */
export type Exit = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Phase =
  | 'connect'
  | 'probe'
  | 'plan'
  | 'prepare'
  | 'stage'
  | 'activate'
  | 'settle'
  | 'verify'
  | 'commit'
  | 'revert';

export type CheckResult = {
  /** What was checked, e.g. `http http://127.0.0.1:8000/health`. */
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** It passed, and there is something to look at. */
  readonly warning?: true;
  /** Milliseconds the check took. */
  readonly ms: number;
};

/** A service that did not stay up, with what the host knows about why. */
export type UnitFailure = {
  readonly unit: string;
  /** systemd's Result property or the nohup runtime's equivalent: exit-code, signal, timeout, watchdog … */
  readonly result: string;
  /** Exit status or signal number of the main process. */
  readonly status: number;
  /** Why, in a sentence, and what to do about it. */
  readonly cause: string;
  readonly cure: string;
  /** Last lines of the service's own log, oldest first. */
  readonly log: readonly string[];
};

/** A setting that systemd shows otherwise than the unit says; both values are '' where they may be private. */
export type Difference = {
  readonly unit: string;
  readonly property: string;
  readonly meant: string;
  readonly got: string;
};

/** Every expected way in which work on one host can fail. An exception is a bug. */
export type Failure =
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'auth-refused'; readonly detail: string }
  /** The account that sends code cannot log in or run commands; nothing was begun. */
  | { readonly kind: 'code-login-refused'; readonly codeUser: string; readonly detail: string }
  | { readonly kind: 'host-key-unknown'; readonly detail: string; readonly presented: string }
  | { readonly kind: 'host-key-changed'; readonly detail: string; readonly presented: string }
  | { readonly kind: 'host-key-revoked'; readonly detail: string; readonly presented: string }
  | { readonly kind: 'connection-lost'; readonly detail: string }
  | { readonly kind: 'sudo-refused'; readonly detail: string }
  /** `hold`: a person refuses changes until released; otherwise somebody's run is at work and ends by itself. */
  | { readonly kind: 'locked'; readonly holder: string; readonly hold: boolean }
  | { readonly kind: 'base-moved'; readonly expected: GenerationId; readonly found: GenerationId }
  | { readonly kind: 'needs-repair'; readonly detail: string }
  | { readonly kind: 'unsupported'; readonly needs: string }
  | { readonly kind: 'no-target'; readonly detail: string }
  /** `noRoot`: why the step had no root although sudo was tried. */
  | { readonly kind: 'step-failed'; readonly step: string; readonly exit: Exit; readonly noRoot?: string }
  | { readonly kind: 'not-settled'; readonly units: readonly UnitFailure[] }
  | { readonly kind: 'not-as-meant'; readonly differences: readonly Difference[] }
  | { readonly kind: 'unhealthy'; readonly checks: readonly CheckResult[] }
  /** What the playbook wants to hold before a host is touched does not; `checks` are all that were asked. */
  | { readonly kind: 'precondition'; readonly checks: readonly CheckResult[] }
  | { readonly kind: 'expired'; readonly detail: string }
  | { readonly kind: 'cancelled'; readonly phase: Phase }
  | { readonly kind: 'timed-out'; readonly what: string; readonly ms: number }
  | { readonly kind: 'skipped'; readonly why: string };

/** How one host ended, and so what state it is in. */
export type HostOutcome =
  | { readonly end: 'unchanged'; readonly generation: GenerationId }
  | { readonly end: 'deployed'; readonly generation: GenerationId }
  | { readonly end: 'rolled-back'; readonly from: GenerationId; readonly generation: GenerationId }
  | { readonly end: 'removed' }
  | { readonly end: 'planned'; readonly pending: boolean; readonly generation: GenerationId }
  | { readonly end: 'reported'; readonly report: HostReport }
  | { readonly end: 'healthy'; readonly generation: GenerationId; readonly checks: readonly CheckResult[] }
  | { readonly end: 'unhealthy'; readonly generation: GenerationId; readonly failure: Failure }
  /** Nothing was changed on the host. */
  | { readonly end: 'untouched'; readonly failure: Failure }
  /** Something was begun and wholly taken back; `generation` (0 = as found) is active. */
  | { readonly end: 'reverted'; readonly failure: Failure; readonly generation: GenerationId }
  /** The way back failed too: a person is needed. */
  | { readonly end: 'stuck'; readonly failure: Failure; readonly revert: Failure }
  /** The host has decided, and could not be asked. */
  | { readonly end: 'unknown'; readonly failure: Failure };

export type Result<T, F = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: F };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const fail = <F>(failure: F): { readonly ok: false; readonly failure: F } => ({ ok: false, failure });

/** The exhaustiveness check at the end of a `switch` over a union. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
