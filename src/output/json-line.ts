import type { EventBody } from '../model/events.ts';
import type { Drift } from '../model/facts.ts';
import type { Fix, Level, Matter } from '../model/finding.ts';
import type { Keeper, OpenTransaction } from '../model/holder.ts';
import type { GenerationId } from '../model/ids.ts';
import type { Delivery } from '../model/notice.ts';
import type { CheckResult, Failure, HostOutcome, Left, LoginUnusable, UnitFailure } from '../model/outcome.ts';
import type { PlanView } from '../model/plan.ts';
import type { HostReport } from '../model/report.ts';
import type { Work } from '../model/work.ts';

// What scripts read. schemas/line.schema.json is made of this file, and every line that a test sees is held against it.

/** Version of the lines; it goes up when a field changes its meaning or goes away. */
export const VERSION = 1;
type Version = typeof VERSION;

type Of<T extends { readonly kind: string }, K extends T['kind']> = Extract<T, { readonly kind: K }>;

/** One line of `--json`. The last one of a run is a `summary`. */
export type JsonLine =
  | EventLine
  | SummaryLine
  | CheckLine
  | RefusalLine
  | LogLine
  | TrendLine
  | PauseLine
  | VersionLine
  | ChannelLine
  | DeliveryLine
  | InstancesLine
  | EnvLine
  | EnvChangeLine;

/** What happened on a host during a run. */
export type EventLine = {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly host: string;
  readonly app: string;
  readonly v: Version;
} & EventJson;

export type EventJson =
  | Exclude<EventBody, { readonly type: 'planned' | 'ended' | 'finding' }>
  | { readonly type: 'planned'; readonly plan: PlanJson }
  | { readonly type: 'finding'; readonly finding: FindingJson }
  | { readonly type: 'ended'; readonly outcome: OutcomeJson; readonly durationMs: number };

/** What a deploy would do on a host. */
type PlanJson = Omit<PlanView, 'to' | 'changes' | 'units'> & {
  readonly to: 'nothing' | 'reactivate' | 'advance';
  readonly changes: readonly { readonly sign: '+' | '-' | '~' | '!'; readonly text: string }[];
  readonly units: readonly UnitActionJson[];
};

/** What happens to a unit. `because` is the input that changed, by its name, or a word; `more` counts what changed besides. */
type UnitActionJson = { readonly unit: string } & (
  | { readonly do: 'restart' | 'reload'; readonly because: string; readonly more: number }
  | { readonly do: 'start'; readonly because: string }
  | { readonly do: 'stop' | 'leave' }
);

/** How a host ended. */
export type OutcomeJson =
  | Exclude<HostOutcome, { readonly end: 'reported' } | { readonly failure: Failure }>
  | { readonly end: 'reported'; readonly report: ReportJson }
  | { readonly end: 'unhealthy'; readonly generation: GenerationId; readonly failure: FailureJson }
  | { readonly end: 'failed'; readonly generation: GenerationId; readonly work: Work; readonly failure: FailureJson }
  | { readonly end: 'untouched'; readonly failure: FailureJson }
  | {
      readonly end: 'reverted';
      readonly failure: FailureJson;
      readonly generation: GenerationId;
      readonly left?: readonly Left[];
    }
  | { readonly end: 'stuck'; readonly failure: FailureJson; readonly revert: FailureJson }
  | { readonly end: 'unknown'; readonly failure: FailureJson };

/** Why a host failed: `kind` says in which way. */
export type FailureJson =
  | Exclude<Failure, { readonly kind: 'code-login-refused' | 'not-settled' | 'taken' | 'occupied' | 'locked' }>
  | {
      readonly kind: 'code-login-refused';
      readonly codeUser: string;
      readonly detail: string;
      readonly login?: LoginUnusable;
      readonly needs?: string;
    }
  | { readonly kind: 'not-settled'; readonly units: readonly (Omit<UnitFailure, 'fix'> & { readonly cure: string })[] }
  | { readonly kind: 'taken'; readonly taken: readonly Standing[] }
  | { readonly kind: 'occupied'; readonly occupied: readonly Standing[] }
  /** `hold`: a person holds the host, and no run ends by itself; `heldBy` is the record of what `holder` says in words. */
  | {
      readonly kind: 'locked';
      readonly holder: string;
      readonly hold: boolean;
      readonly heldBy: Of<Failure, 'locked'>['holder'];
    };

type Standing = { readonly what: string; readonly cure: string };

/** What `fleet doctor` found, with its words. */
export type FindingJson = Matter & {
  readonly level: Level;
  /** Of what is equally bad, the smaller one explains the larger. */
  readonly rank: number;
  readonly what: string;
  /** In the host's own words, for the most part. */
  readonly evidence: readonly string[];
  /** What `--fix` would do; null where that is for a person. */
  readonly fix: Fix | null;
  /** What to do. */
  readonly cure: readonly string[];
};

type LocksJson = {
  /** In words. */
  readonly open: string | null;
  readonly transaction: OpenTransaction | null;
  /** In words. */
  readonly held: string | null;
  readonly heldBy: Keeper | null;
};

/** What a command that only looks found on a host. */
export type ReportJson =
  | Of<HostReport, 'history'>
  | (Omit<Of<HostReport, 'doctor'>, 'findings'> & { readonly findings: readonly FindingJson[] })
  | ({ readonly kind: 'lock' } & LocksJson)
  | (Omit<Of<HostReport, 'status'>, 'open' | 'held' | 'drift' | 'externalDropIns'> &
      LocksJson & {
        /** In words. */
        readonly drift: readonly string[];
        readonly drifted: readonly Drift[];
        readonly foreign: Of<HostReport, 'status'>['externalDropIns'];
      });

/** The end of a run on hosts. */
export type SummaryLine = {
  readonly type: 'summary';
  readonly command: string;
  /** The exit code of the process. */
  readonly exitCode: number;
  readonly hosts: readonly HostJson[];
  readonly v: Version;
};

/** How one app on one host ended. */
export type HostJson = {
  readonly host: string;
  readonly app: string;
  readonly outcome: HostOutcome['end'];
  /** The generation that is active, where that is known. */
  readonly generation: number | null;
  readonly durationMs: number;
  /** Null where it went well. `message` says it in words, `next` what to do. */
  readonly failure: (FailureJson & { readonly message: string; readonly next: readonly string[] }) | null;
  readonly pending?: boolean;
  readonly left?: readonly Left[];
  readonly revert?: FailureJson;
  readonly checks?: readonly CheckResult[];
  readonly work?: Work;
  readonly report?: ReportJson;
};

/** The end of `fleet check`. */
export type CheckLine = {
  readonly type: 'summary';
  readonly command: 'check';
  readonly exitCode: 0;
  readonly hosts: readonly never[];
  readonly apps: readonly { readonly host: string; readonly app: string }[];
  readonly warnings: readonly string[];
  readonly hints: readonly string[];
  readonly v: Version;
};

/** The end of a command that contacted nothing, since something is wrong with it or with the project, or that ended by a bug. */
export type RefusalLine = {
  readonly type: 'summary';
  readonly command: string;
  readonly exitCode: number;
  readonly hosts: readonly never[];
  readonly errors: readonly {
    readonly message: string;
    /** Where it is: '' and 0 where that is no file, or no line of it. */
    readonly file: string;
    readonly line: number;
    readonly column: number;
    /** What to do about it. */
    readonly hint?: string;
  }[];
  readonly v: Version;
};

/** A line of `fleet logs`. */
export type LogLine = {
  readonly type: 'line';
  readonly host: string;
  readonly app: string;
  readonly unit: string;
  /** ISO 8601 to the microsecond, UTC, of the host's clock; `-` where it has none. */
  readonly at: string;
  /** Whether that is when it was written; otherwise it is when it was found. */
  readonly exact: boolean;
  /** As syslog counts them; null where it has none. */
  readonly priority: number | null;
  readonly text: string;
  /** Of the journal. */
  readonly cursor: string;
  readonly v: Version;
};

/** A number that `fleet health --cron` remembers. */
type TrendLine = {
  readonly type: 'trend';
  readonly host: string;
  /** Null for one of the whole host. */
  readonly app: string | null;
  readonly name: string;
  readonly unit: 'bytes' | 'ratio' | 'seconds' | 'celsius' | 'count';
  /** When, in milliseconds since the Unix epoch, and what. */
  readonly points: readonly (readonly [number, number])[];
  readonly limit: number | null;
  /** Null where it does not surely move. */
  readonly perHour: number | null;
  /** Milliseconds until the limit; null where it does not move to one, or none is known, or that is too far off to say. */
  readonly limitIn: number | null;
  readonly v: Version;
};

/** What nothing is said of for a while. */
type PauseLine = {
  readonly type: 'pause';
  readonly id: string;
  /** Null: every host. */
  readonly host: string | null;
  /** Null: every app. */
  readonly app: string | null;
  /** Milliseconds since the Unix epoch. */
  readonly since: number;
  readonly until: number;
  readonly by: string;
  readonly reason: string;
  readonly v: Version;
};

/** What `fleet --version --json` says, for a report of a bug. */
type VersionLine = {
  readonly type: 'version';
  readonly version: string;
  /** The commit that it was built from; null where it was not built in a repository. */
  readonly commit: string | null;
  readonly node: string;
  /** As they name themselves; null where there is none on this machine. */
  readonly ssh: string | null;
  readonly rsync: string | null;
  readonly v: Version;
};

/** A channel of the inventory. */
export type ChannelLine = {
  readonly type: 'channel';
  readonly channel: string;
  readonly kind: string;
  readonly v: Version;
};

/** How a test message to a channel ended. */
export type DeliveryLine = {
  readonly type: 'delivery';
  readonly channel: string;
  readonly kind: string;
  readonly v: Version;
} & Delivery;

/** The instances of one template that the project names for an app on a host. */
type InstancesLine = {
  readonly type: 'instances';
  readonly host: string;
  readonly app: string;
  readonly template: string;
  readonly names: readonly string[];
  readonly v: Version;
};

/** An env file of this machine: its keys, without their values. */
type EnvLine = {
  readonly type: 'env';
  /** As a playbook names it. */
  readonly file: string;
  readonly apps: readonly string[];
  readonly keys: readonly {
    readonly key: string;
    /** 0 where a required one is missing. */
    readonly line: number;
    readonly required: boolean;
    readonly empty: boolean;
    /** Whether a playbook gives it a value of its own, which counts more. */
    readonly set: boolean;
  }[];
  readonly v: Version;
};

/** What has become of a key by `fleet env set` or `unset`. */
type EnvChangeLine = {
  readonly type: 'env-change';
  readonly file: string;
  readonly apps: readonly string[];
  readonly key: string;
  /** Where it stands, or stood. */
  readonly line: number;
  /** Whether it was there before. */
  readonly had: boolean;
  readonly v: Version;
};
