import type { Beside } from './beside.ts';
import type { Drift } from './facts.ts';
import type { Keeper, OpenTransaction } from './holder.ts';

/** What `fleet doctor` found: what is wrong, what shows it, how near it is to the root of the trouble, what would mend it. */
export type Finding = Matter & {
  /** `critical`: the app does not work as it should; `warn`: it will not for long, or the next change will not; `note`: worth knowing. */
  readonly level: Level;
  /** Of what is equally bad, the smaller one explains the larger. */
  readonly rank: number;
  /** The host's own words. */
  readonly evidence: readonly string[];
  /** What `--fix` would do; null where that is for a person. */
  readonly fix: Fix | null;
};

export const LEVELS = ['critical', 'warn', 'note'] as const;
export type Level = (typeof LEVELS)[number];

/** What is safe to do: it sets what was deployed, or what the playbook says, and so needs no way back. */
export type Fix =
  | {
      readonly do: 'folder';
      readonly path: string;
      /** Octal. */
      readonly mode: string;
      /** `-` leaves it whose it is. */
      readonly owner: string;
    }
  | { readonly do: 'file'; readonly path: string }
  | { readonly do: 'reset-failed'; readonly unit: string };

/** How a fix went; `why` where it was not done. */
export type Fixed = { readonly fix: Fix; readonly why: string | null };

/** How something on a host is, and how it is to be: mode and `owner:group`; '-' for what is not known. */
export type Looks = { readonly mode: string; readonly owner: string };

/** What a service needs of the files of its host, and which part of the way to it stands in the way. */
export type Need = Looks & {
  readonly role: 'cwd' | 'env' | 'program' | 'named' | 'write';
  readonly state: 'ok' | 'absent' | 'closed' | 'folder' | 'file' | 'noexec' | 'interpreter';
  readonly part: string;
  readonly path: string;
};

export type Machine = 'disk' | 'inodes' | 'memory' | 'clock' | 'temperature' | 'limits';

export type Matter =
  | {
      readonly kind: 'service';
      readonly unit: string;
      readonly symptom: Symptom;
      readonly restarts: number;
      readonly account: string | null;
      readonly cause: Cause;
    }
  /** The app's `.env`, a unit or another file that a deploy has put there. */
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly settings: boolean;
      readonly wrong: 'absent' | 'content' | 'rights' | 'other';
      readonly is: Looks;
      readonly want: Looks;
    }
  | {
      readonly kind: 'folder';
      readonly path: string;
      readonly wrong: 'absent' | 'rights' | 'closed' | 'other';
      readonly is: Looks;
      readonly want: Looks;
      /** Who cannot work in it; null where that is not known. */
      readonly account: string | null;
    }
  /** `left`: nobody is at work on it; `stuck`: the way back failed; milliseconds that it still has, or null. */
  | {
      readonly kind: 'transaction';
      readonly state: 'at work' | 'left' | 'stuck';
      readonly phase: string;
      readonly open: OpenTransaction;
      readonly leftMs: number | null;
    }
  | { readonly kind: 'held'; readonly held: Keeper }
  | { readonly kind: 'not-deployed' }
  | { readonly kind: 'unsafe-root'; readonly why: string }
  | { readonly kind: 'no-record'; readonly drift: Extract<Drift, { kind: 'unrecorded' }> }
  | { readonly kind: 'altered'; readonly files: readonly string[] }
  | { readonly kind: 'drift'; readonly drift: Drift }
  /** `detail` in the words of the check that looks at it. */
  | { readonly kind: 'machine'; readonly of: Machine; readonly detail: string }
  | { readonly kind: 'check'; readonly check: string; readonly detail: string }
  /** Milliseconds before each command, beside those of /bin/sh. */
  | {
      readonly kind: 'login-shell';
      readonly shell: string;
      readonly account: string;
      readonly ms: number;
      readonly plainMs: number;
      readonly tripMs: number;
    }
  | { readonly kind: 'slow-commands'; readonly tripMs: number }
  /** `penalties`: it turns away who it has refused before, and has no exception for `from`; `turned`: it has done so lately. */
  | {
      readonly kind: 'sshd';
      readonly wrong: 'penalties' | 'turned';
      readonly from: string | null;
      readonly set: string;
    }
  | { readonly kind: 'sshd-limit'; readonly key: string; readonly value: string }
  | { readonly kind: 'no-rsync' }
  | { readonly kind: 'drop-in'; readonly unit: string; readonly path: string }
  | { readonly kind: 'left-unit'; readonly unit: string }
  | { readonly kind: 'beside'; readonly beside: Beside };

/** What a person sees of a service. `gave-up`: it is not started any more, after too many starts; `restarted`: it is up, for now. */
export type Symptom = 'restarting' | 'restarted' | 'gave-up' | 'failed' | 'down' | 'starting' | 'taken';

export type Cause =
  /** `by` is whoever listens there, in words; null where nobody does by now. */
  | { readonly why: 'port'; readonly port: number | null; readonly by: string | null }
  | { readonly why: 'permission'; readonly path: string | null; readonly need: Need | null }
  | { readonly why: 'need'; readonly need: Need }
  | { readonly why: 'account'; readonly name: string }
  | { readonly why: 'not-loaded'; readonly load: string }
  /**
   * Of whom there was too little: the unit's own limit, the host, or the program says so itself. `likely`: it was killed, has a limit,
   * and the kernel's log, which would tell, cannot be read.
   */
  | { readonly why: 'memory'; readonly of: 'limit' | 'host' | 'program' | 'likely' }
  | { readonly why: 'watchdog' }
  | { readonly why: 'disk' }
  | { readonly why: 'read-only'; readonly path: string | null }
  | { readonly why: 'open-files' }
  | { readonly why: 'dependency'; readonly name: string }
  | { readonly why: 'processor' }
  /** Nobody answers where it wants to connect to. */
  | { readonly why: 'peer'; readonly place: string | null; readonly listening: boolean }
  | { readonly why: 'setting'; readonly name: string }
  | { readonly why: 'no-file'; readonly path: string }
  /** Somebody else does the same with the same account, which the other side allows once. */
  | { readonly why: 'conflict' }
  | { readonly why: 'supervisor' }
  | { readonly why: 'stopped' }
  | { readonly why: 'neighbour'; readonly app: string }
  /** It is up again, and nothing says why it was not. */
  | { readonly why: 'unknown' }
  | { readonly why: 'ended'; readonly result: string; readonly status: number; readonly says: Says };

/** The words of the diagnosis table. */
type Says = { readonly cause: string; readonly cure: string };
