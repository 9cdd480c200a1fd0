import type { Script } from '../shell/sh.ts';
import type { Beside } from './beside.ts';
import type { ByHand, Drift, RuntimeName } from './facts.ts';
import type { Digest, GenerationId } from './ids.ts';
import type { Aside, Namesake } from './namesake.ts';
import type { Failure } from './outcome.ts';
import type { Part } from './part.ts';
import type { Secret } from './secret.ts';
import type { LoginChange } from './service-account.ts';

/** One entry of a local tree, chosen and hashed before anything is contacted. */
export type TreeEntry =
  | { readonly type: 'directory'; readonly path: string }
  | {
      readonly type: 'file';
      readonly path: string;
      readonly executable: boolean;
      readonly size: number;
      readonly digest: Digest;
    }
  | { readonly type: 'symlink'; readonly path: string; readonly target: string };

/** A local directory as it is to stand in a release: sorted entries, paths relative with forward slashes. */
export type Tree = {
  readonly from: string;
  readonly entries: readonly TreeEntry[];
  readonly bytes: number;
  readonly digest: Digest;
};

/** The content of a small file that is sent over standard input. */
export type Content = string | Uint8Array | Secret;

/** Touches the live host before activation. The author decides what undoes it. */
export type PrepareStep = {
  readonly id: string;
  readonly title: string;
  readonly apply: Script;
  readonly undo: Script | 'keep';
  /** Whether it changes what all apps of a host share, so that one does it at a time. */
  readonly shared?: true;
  /** What it makes that outlives generations: a full rollback removes it but for packages, `--keep-data` leaves data and account. */
  readonly makes?: { readonly kind: 'folder' | 'data' | 'account' | 'packages'; readonly name: string };
  /** Milliseconds. */
  readonly timeoutMs: number;
};

/** Writes only inside the new release; dropping the release undoes it. */
export type StageStep = { readonly id: string; readonly title: string } & (
  | {
      readonly do: 'sync';
      readonly tree: Tree /** Relative to the release; '' is the release itself. */;
      readonly to: string;
    }
  | { readonly do: 'put'; readonly to: string; readonly content: Content; readonly mode: number }
  | {
      readonly do: 'run';
      readonly argv: readonly string[];
      readonly cwd: string;
      readonly creates: string | null;
      readonly timeoutMs: number;
    }
);

/** Runs as the service user behind the sealed release and before the switch; what it does to data stays. */
export type BeforeStep = {
  readonly id: string;
  readonly title: string;
  readonly argv: readonly string[];
  /** Relative to the release. */
  readonly cwd: string;
  readonly timeoutMs: number;
};

/** A file that activation installs on the live host, outside the release. */
export type LiveFile = {
  readonly path: string;
  readonly content: string | Uint8Array;
  readonly mode: number;
  readonly owner: string;
  readonly group: string;
  /** A unit of the host, not of the app, that is restarted or reloaded when the file is added, changed or removed. */
  readonly notify: { readonly unit: string; readonly verb: 'restart' | 'reload-or-restart' } | null;
  /** The unit of the app that it is for, where that is known. */
  readonly of?: string;
};

/** The most that systemd's own assessment of a service's exposure may come to, from 0 (best) to 10. */
export type ExposureGate = { readonly unitFile: string; readonly most: number };

/** A unit file or drop-in; `path` is relative to the unit directory, e.g. `jarvis.service.d/limits.conf`. */
export type UnitFile = { readonly path: string; readonly text: string };

/** That a unit uses a part of a generation, and what it has to do when the part changes; `always` of `-`: at each deploy. */
export type Use = { readonly unit: string; readonly part: string; readonly how: 'restart' | 'reload' | 'always' };

/** What a switch does to one unit, and the first of the reasons. */
export type UnitAction = { readonly unit: string } & (
  | {
      readonly do: 'restart' | 'reload';
      readonly because: Part | 'always' | 'prepared' | 'altered' | 'unknown';
      readonly more: number;
    }
  /** It is new, or was found down. */
  | { readonly do: 'start'; readonly because: 'new' | 'down' }
  | { readonly do: 'stop' }
  | { readonly do: 'leave' }
);

/** What one task wants done. Tasks plan from what is desired, never from another task's result. */
export type TaskPlan = {
  readonly prepare: readonly PrepareStep[];
  readonly stage: readonly StageStep[];
  /** In order. */
  readonly before: readonly BeforeStep[];
  readonly units: readonly UnitFile[];
  /** Units to be enabled and running, in order. */
  readonly enable: readonly string[];
  readonly files: readonly LiveFile[];
  readonly env: Secret | null;
  readonly exposure: readonly ExposureGate[];
  /** Units or templates that do not restart only when what they use has changed. */
  readonly restart: readonly { readonly unit: string; readonly how: 'always' | 'reload' }[];
  /** What it changes of accounts that somebody logs in with, since it was told to. */
  readonly logins: readonly LoginChange[];
  readonly warnings: readonly string[];
  /** What the task needs and the host lacks; anything here leaves the host untouched. */
  readonly unsupported: readonly string[];
  /** Why the host must be left untouched although it has all that is needed. */
  readonly refused: readonly Failure[];
};

export const EMPTY_TASK_PLAN: TaskPlan = {
  prepare: [],
  stage: [],
  before: [],
  units: [],
  enable: [],
  files: [],
  env: null,
  exposure: [],
  restart: [],
  logins: [],
  warnings: [],
  unsupported: [],
  refused: [],
};

export type Advance = {
  readonly to: 'advance';
  readonly base: GenerationId;
  readonly digest: Digest;
  readonly runtime: RuntimeName;
  readonly prepare: readonly PrepareStep[];
  readonly stage: readonly StageStep[];
  readonly before: readonly BeforeStep[];
  readonly units: readonly UnitFile[];
  readonly enable: readonly string[];
  readonly files: readonly LiveFile[];
  readonly env: Secret | null;
  readonly exposure: readonly ExposureGate[];
};

export type Plan =
  /** Same inputs as the active generation, and nobody changed the host. */
  | { readonly to: 'nothing'; readonly generation: GenerationId }
  /** Same inputs, but the host differs from what was deployed. */
  | {
      readonly to: 'repair';
      readonly generation: GenerationId;
      readonly drift: readonly Drift[];
      readonly prepare: readonly PrepareStep[];
    }
  | Advance;

/** `+` comes, `-` goes, `~` changes, `!` is put right. */
export type Change =
  | { readonly sign: '+' | '-' | '~'; readonly part: Part }
  /** A step on the live host, by its title. */
  | { readonly sign: '+'; readonly step: string }
  | { readonly sign: '!'; readonly drift: Drift };

/** A plan as a reader sees it: no content, no secret. */
export type PlanView = {
  readonly to: Plan['to'];
  readonly base: GenerationId;
  readonly runtime: RuntimeName;
  readonly changes: readonly Change[];
  /** What happens to each unit that the app starts, in their order; none where nothing is to do. */
  readonly units: readonly UnitAction[];
  /** Units of the host that the app's take the place of, until no generation has their names any more. */
  readonly replaces: readonly Namesake[];
  /** Those that come back, since the app no longer has their names. */
  readonly returns: readonly Aside[];
  /** What else is at work in the app's folder, or will be. */
  readonly beside: readonly Beside[];
  /** What a person has stopped or disabled since the last deploy, where it still is so. */
  readonly byHand: readonly ByHand[];
  readonly logins: readonly LoginChange[];
  readonly warnings: readonly string[];
};
