import type { Beside } from './beside.ts';
import type { Holder } from './holder.ts';
import type { GenerationId } from './ids.ts';
import type { Reading } from './reading.ts';
import type { HostReport } from './report.ts';
import type { LoginChange, ServiceAccount } from './service-account.ts';
import type { Work } from './work.ts';

/** How a remote command ended. A lost connection is never an `Exit`; it is a `Failure`. */
export type Exit = { readonly code: number; readonly stdout: string; readonly stderr: string };

export type Phase =
  | 'connect'
  | 'probe'
  | 'plan'
  | 'prepare'
  | 'stage'
  | 'before'
  | 'activate'
  | 'settle'
  | 'verify'
  | 'commit'
  | 'revert';

/** Services that are to run as another account, and what of their data that account could not open. */
export type AccountMove = {
  readonly units: readonly string[];
  readonly from: Omit<ServiceAccount, 'unit'>;
  readonly to: Omit<ServiceAccount, 'unit'>;
  /** The program that makes an account on the host; null where the new one is there already. */
  readonly madeBy: 'useradd' | 'adduser' | null;
  /** `entry` is the first such thing in the folder, '' for the folder itself. */
  readonly folders: readonly { readonly path: string; readonly entry: string }[];
};

export type CheckResult = {
  /** What was checked, e.g. `http http://127.0.0.1:8000/health`. */
  readonly check: string;
  readonly ok: boolean;
  readonly detail: string;
  /** It passed, and there is something to look at. */
  readonly warning?: true;
  /** Milliseconds the check took. */
  readonly ms: number;
  readonly readings?: readonly Reading[];
  /** Of what is told because something has happened: which time that was. */
  readonly event?: string;
  /** Of one that a deploy asked again and again until it gave up: milliseconds, and what set the end (`within`: `retryFor`, by its name in JSON). */
  readonly waited?: { readonly ms: number; readonly until: 'within' | 'deadline' };
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
  readonly fix: string;
  /** Last lines of the service's own log, oldest first. */
  readonly log: readonly string[];
};

/** A setting that systemd shows otherwise than the unit says; both values are '' where they may be private. */
export type ReadbackMismatch = {
  readonly unit: string;
  readonly property: string;
  readonly meant: string;
  readonly got: string;
};

/** Why a login whose key the host takes leads to no shell that runs commands. */
export type LoginCause =
  /** The key is for another account: the cloud image's own answer to root. */
  | 'other-user'
  | 'password-expired'
  | 'account-expired'
  /** The host takes no logins of this account at the moment: /etc/nologin, or another rule of PAM. */
  | 'closed'
  | 'sftp-only'
  /** The account's shell is nologin or the like. */
  | 'no-shell'
  /** The line of authorized_keys runs a command of its own. */
  | 'forced-command'
  /** Something at the login ends it: a start-up file of the shell, sshd's ForceCommand, a shell that does nothing. */
  | 'ends-early'
  /** A start-up file read what was meant for the command. */
  | 'reads-input'
  /** Nothing came, and it did not end. */
  | 'silent';

/** What a host wants where a key is not enough. */
export type AuthLack = {
  /** The ways to log in that it left, as SSH names them. */
  readonly wants: readonly string[];
  /** Whether it took a key first, and wants these besides. */
  readonly besides: boolean;
};

/** The key was taken, and the login is of no use. */
export type LoginUnusable = {
  readonly kind: 'login-unusable';
  /** `user@address port N`. */
  readonly login: string;
  readonly user: string;
  readonly cause: LoginCause;
  /** Whom to log in as (`other-user`), which line of authorized_keys it is (`forced-command`); else ''. */
  readonly hint: string;
  /** Exit status of what ran in place of the command; null where nothing ended. */
  readonly status: number | null;
  /** The host's own words, one line each, with nothing in them that moves a cursor. */
  readonly said: readonly string[];
};

/** Every expected way in which work on one host can fail. An exception is a bug. */
export type Failure =
  | { readonly kind: 'unreachable'; readonly detail: string }
  | { readonly kind: 'auth-refused'; readonly detail: string; readonly lack?: AuthLack }
  | LoginUnusable
  /**
   * sshd does not let a login of `user` open connections from the host. `to`: where it wanted to, `host:port`; `key`:
   * the line of authorized_keys that forbids it, or '' where that is sshd's configuration.
   */
  | {
      readonly kind: 'no-forwarding';
      /** `user@address port N`. */
      readonly login: string;
      readonly user: string;
      readonly wanted: 'checks' | 'jump';
      readonly to: readonly string[];
      readonly key: string;
    }
  /**
   * The account that sends code cannot log in or run commands; nothing was begun. `login`: it has a login of no use;
   * `needs`: what the host lacks for one.
   */
  | {
      readonly kind: 'code-login-refused';
      readonly uploadUser: string;
      readonly detail: string;
      readonly login?: LoginUnusable;
      readonly needs?: string;
    }
  | { readonly kind: 'host-key-unknown'; readonly detail: string; readonly presented: string }
  | { readonly kind: 'host-key-changed'; readonly detail: string; readonly presented: string }
  | { readonly kind: 'host-key-revoked'; readonly detail: string; readonly presented: string }
  | { readonly kind: 'connection-lost'; readonly detail: string }
  /** `by`: what was asked for root and did not give it; `none` where the host has nothing to ask. */
  | { readonly kind: 'sudo-refused'; readonly by: 'sudo' | 'doas' | 'none'; readonly detail: string }
  /** A person refuses changes until released, or somebody's run is at work and ends by itself. */
  | { readonly kind: 'locked'; readonly holder: Holder }
  | { readonly kind: 'base-moved'; readonly expected: GenerationId; readonly found: GenerationId }
  | { readonly kind: 'needs-repair'; readonly detail: string }
  | { readonly kind: 'unsupported'; readonly needs: string }
  | { readonly kind: 'no-target'; readonly detail: string }
  /** One part cannot be deployed by itself on what is live there. */
  | { readonly kind: 'not-apart'; readonly why: string }
  /** Instances would be more than the playbook allows together. */
  | { readonly kind: 'over-limit'; readonly why: readonly string[] }
  /** Names of the run that lead to one machine. */
  | { readonly kind: 'same-machine'; readonly names: readonly string[] }
  /** What the playbook wants is another app's on this host. */
  | { readonly kind: 'taken'; readonly taken: readonly { readonly what: string; readonly fix: string }[] }
  /** What stands on the host already, and must not or cannot make room for what the playbook wants. */
  | { readonly kind: 'occupied'; readonly occupied: readonly { readonly what: string; readonly fix: string }[] }
  /** The app is at work on the host, or something starts it there, and fleet knows nothing of it. `pidFile`: what would hand it over. */
  | {
      readonly kind: 'second-copy';
      readonly copies: readonly Beside[];
      readonly pidFile: { readonly pid: number; readonly path: string } | null;
    }
  /** The playbook would change an account that somebody logs in with. */
  | ({ readonly kind: 'login-account' } & LoginChange)
  /** `back`: the generation that was to be gone back to; null for a deploy. */
  | { readonly kind: 'account-changed'; readonly moves: readonly AccountMove[]; readonly back: GenerationId | null }
  /** `noRoot`: why the step had no root although sudo was tried. */
  | { readonly kind: 'step-failed'; readonly step: string; readonly exit: Exit; readonly noRoot?: string }
  /** What stands at the app's root, and why root does not work with it. */
  | { readonly kind: 'unsafe-root'; readonly why: string }
  /**
   * The record of what is live is gone from the state folder `folder`, so that there is no way back to it. `generation` is 0
   * where `current` is gone, `newest` where no record is left; `running` are services of the app that run.
   */
  | {
      readonly kind: 'unrecorded';
      readonly folder: string;
      readonly generation: GenerationId;
      readonly newest: GenerationId;
      readonly running: readonly string[];
    }
  /** A file of the code is on the host otherwise than it was read and hashed here. */
  | { readonly kind: 'not-as-sent'; readonly file: string }
  /** A command of the playbook between the sealed release and the switch, which did not come to pass. */
  | ({ readonly kind: 'before-start'; readonly step: string; readonly log: readonly string[] } & (
      | { readonly why: 'failed'; readonly status: number }
      /** Milliseconds. */
      | { readonly why: 'late'; readonly limitMs: number }
    ))
  | { readonly kind: 'not-settled'; readonly units: readonly UnitFailure[] }
  | { readonly kind: 'not-as-meant'; readonly differences: readonly ReadbackMismatch[] }
  | { readonly kind: 'unhealthy'; readonly checks: readonly CheckResult[] }
  /** What the playbook wants to hold before a host is touched does not; `checks` are all that were asked. */
  | { readonly kind: 'precondition'; readonly checks: readonly CheckResult[] }
  | { readonly kind: 'expired'; readonly detail: string }
  /** The program that carries out the switch was killed on the host, or died of something. */
  | { readonly kind: 'runner-died'; readonly when: 'before it began' | 'at work' }
  | { readonly kind: 'cancelled'; readonly phase: Phase }
  | { readonly kind: 'timed-out'; readonly what: string; readonly ms: number }
  | { readonly kind: 'skipped'; readonly why: string };

/**
 * What a deploy that went back leaves on the host: taking it back could lose something, or did not come to pass, or it is
 * there to be looked at. `name` is a path, an account, packages, or what a step did; '' for whatever was begun (`unknown`).
 */
export type Left = {
  readonly kind: (typeof LEFT)[number];
  readonly name: string;
  /** In a few words; '' where the kind says it. */
  readonly because: string;
};
export const LEFT = ['account', 'folder', 'data', 'packages', 'other', 'release', 'state', 'unknown'] as const;

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
  /** What a person asked for between deploys was done, or was begun and failed. */
  | { readonly end: 'done'; readonly generation: GenerationId; readonly work: Work }
  | { readonly end: 'failed'; readonly generation: GenerationId; readonly work: Work; readonly failure: Failure }
  /** Nothing was changed on the host. */
  | { readonly end: 'untouched'; readonly failure: Failure }
  /** Something was begun and taken back, wholly but for what `left` names; `generation` (0 = as found) is active. */
  | {
      readonly end: 'reverted';
      readonly failure: Failure;
      readonly generation: GenerationId;
      readonly left?: readonly Left[];
    }
  /** The way back failed too: a person is needed. */
  | { readonly end: 'stuck'; readonly failure: Failure; readonly revert: Failure }
  /** The host has decided, and could not be asked. */
  | { readonly end: 'unknown'; readonly failure: Failure };

/** What came of it, or why nothing did: an expected failure is a value, and only a bug is thrown. */
export type Result<T, F = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: F };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });
export const fail = <F>(failure: F): { readonly ok: false; readonly failure: F } => ({ ok: false, failure });

/** The exhaustiveness check at the end of a `switch` over a union. */
export function unreachable(value: never): never {
  throw new Error(`unexpected value: ${JSON.stringify(value)}`);
}
