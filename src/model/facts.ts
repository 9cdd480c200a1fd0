import type { Keeper } from './holder.ts';
import type { Digest, GenerationId } from './ids.ts';

/** "Absent" and "could not look" are different answers. */
export type Observed<T> = { readonly known: true; readonly value: T } | { readonly known: false; readonly why: string };

export type RuntimeName = 'systemd' | 'nohup';

export type GenerationFacts = {
  readonly id: GenerationId;
  readonly digest: Digest;
  readonly base: GenerationId;
  readonly verdict: 'good' | 'bad' | 'open';
};

/** One difference between the active generation and the live host. */
export type Drift =
  /** A file is not as it was installed. */
  | { readonly kind: 'changed'; readonly path: string }
  /** A file of the release is not as it was sealed; relative to the root. */
  | { readonly kind: 'altered'; readonly path: string }
  | { readonly kind: 'gone'; readonly path: string }
  | { readonly kind: 'disabled'; readonly unit: string }
  /** A service that is to run does not; `sub` is '' where there is nothing more to say. */
  | { readonly kind: 'down'; readonly unit: string; readonly active: string; readonly sub: string }
  /** A supervisor runs a service that `generation`, the active one, does not have. */
  | { readonly kind: 'stray'; readonly unit: string; readonly pid: number; readonly generation: GenerationId }
  /** A supervisor runs a service as `generation`, another one, has it. */
  | { readonly kind: 'outdated'; readonly unit: string; readonly pid: number; readonly generation: GenerationId }
  /** A supervisor that the state folder `folder` does not tell of. */
  | { readonly kind: 'untold'; readonly unit: string; readonly pid: number; readonly folder: string }
  /** There is no record of what is live: a generation, or where it is 0 some service of the app. */
  | { readonly kind: 'unrecorded'; readonly folder: string; readonly app: string; readonly generation: GenerationId }
  /** In the host's own words: the root cannot be trusted, or what another program on it says. */
  | { readonly kind: 'told'; readonly text: string };

/** What a person has changed with fleet since the last deploy, by the host's clock. */
export type ByHand = {
  readonly unit: string;
  readonly what: 'stopped' | 'disabled';
  readonly at: string;
  readonly by: string;
};

/** What one probe of a host found. Read-only; taken in the run's first command. */
export type HostFacts = {
  /** Effective user id that commands run with: 0 when root was reached, directly or by sudo. */
  readonly uid: number;
  readonly user: string;
  /** The machine as it is up now, the same under whatever name it was reached; null where it could not be told. */
  readonly machine: string | null;
  readonly arch: string;
  /** `ID VERSION_ID` of /etc/os-release, e.g. `debian 12`. */
  readonly os: string;
  /** What PID 1 is; `systemctl` merely being installed means nothing. */
  readonly init: Observed<'systemd' | 'none'>;
  /** 0 where there is no systemd. */
  readonly systemdVersion: number;
  readonly tools: ReadonlySet<string>;
  /** What can start a service at boot. */
  readonly boot: 'systemd' | 'cron' | 'rc.local' | 'none';
  /** Bytes and inodes free where the app's root is or will be. */
  readonly freeBytes: number;
  readonly freeInodes: number;
  /** Where `current` points; 0 when fleet has nothing active there. */
  readonly active: GenerationId;
  readonly generations: readonly GenerationFacts[];
  /** Whether a history, or notes of what was made for the app, are there: a full rollback has something to remove. */
  readonly remains: boolean;
  /** Whether something of the app is live of which the state folder has no record: it is gone, or of an older time. */
  readonly unrecorded: boolean;
  /** Who else is at work there or holds the host; null when nobody is. */
  readonly held: Keeper | null;
  /** Phase of the journal: IDLE, or what an unfinished transaction was doing. */
  readonly phase: string;
  /** What a first deploy finds that was set up by hand, in words. */
  readonly found: readonly string[];
  /** Differences between the active generation and the live host, besides `altered`. */
  readonly drift: readonly Drift[];
  /** What of those differences a person has made with fleet. */
  readonly byHand: readonly ByHand[];
  /** Files of the active release that are not as they were sealed, relative to the root. */
  readonly altered: readonly string[];
  /** The account below whose folder the app's root lies or is to lie; null where nobody but root can turn its name. */
  readonly below: string | null;
  /** Why the app's root cannot be trusted as it stands, in words. */
  readonly unsafe: readonly string[];
  /** Drop-ins that somebody else put on the host for units of the active generation. */
  readonly externalDropIns: readonly { readonly unit: string; readonly path: string }[];
};

/** Normalised state of a service, whatever runtime runs it. */
export type UnitState = {
  readonly unit: string;
  /**
   * active, activating, inactive, failed … as systemd names them; the nohup runtime uses the same words. `taken`: it
   * runs, or not, for another app of the host, which `sub` names.
   */
  readonly active: string;
  readonly sub: string;
  readonly pid: number;
  readonly restarts: number;
  /** Of them those since the monitor last looked; absent where it has not. */
  readonly restartsSince?: number;
  readonly result: string;
  readonly status: number;
  /** Who starts it where the deploy itself does not: sockets, timers, paths; empty for somebody else. It need not run. */
  readonly startedBy?: readonly string[];
  readonly living?: Living;
};

/** What `fleet status` shows of a service besides; null for what is not told. */
export type Living = {
  /** When it came into its state; milliseconds since the epoch, by this machine's clock. */
  readonly since: number | null;
  /** Whose release it runs from. */
  readonly generation: GenerationId;
  /** Bytes, without files that the kernel would give up first. */
  readonly memory: number | null;
  readonly memoryMax: number | null;
  /** Processor time since it was started, milliseconds. */
  readonly cpuMs: number | null;
  /** What it last said of itself (STATUS= of sd_notify). */
  readonly statusText: string;
};

/** Parses a line "unit NAME ACTIVE SUB PID RESTARTS RESULT STATUS [TRIGGER,TRIGGER…]" without its first word. */
export function parseUnit(rest: string): UnitState {
  const [unit = '', active = 'unknown', sub = '', pid, restarts, result = '', status, by] = rest.split(' ');
  const state = { unit, active, sub, pid: Number(pid), restarts: Number(restarts), result, status: Number(status) };
  return by === undefined ? state : { ...state, startedBy: by === '-' ? [] : by.split(',') };
}
