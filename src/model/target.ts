import type { ActRules } from './act.ts';
import type { BoundCheck } from './check.ts';
import type { RuntimeName } from './facts.ts';
import type { HostName } from './ids.ts';
import type { Layout } from './layout.ts';
import type { WatchPolicy } from './probation.ts';
import type { BoundTask } from './task.ts';

/** Algorithms that the operator's SSH configuration limits a connection to; a list that is not there is no limit. */
export type AlgorithmLimits = {
  readonly kex?: readonly string[];
  readonly hostKeys?: readonly string[];
  readonly ciphers?: readonly string[];
  readonly macs?: readonly string[];
};

/** One SSH hop, fully resolved: nothing below `config` consults a default. */
export type Connection = {
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Private key files in the order to try them; absolute paths. */
  readonly identityFiles: readonly string[];
  /** Whether only `identityFiles` may be offered, not every key of the agent. */
  readonly identitiesOnly: boolean;
  /** Socket of the SSH agent, or null for none. */
  readonly agent: string | null;
  /** Pinned host keys, `type base64`; beats known_hosts when not empty. */
  readonly hostKeys: readonly string[];
  readonly knownHostsFiles: readonly string[];
  /** The file of RevokedHostKeys, or null for none. */
  readonly revokedHostKeys: string | null;
  /** Name to look up in known_hosts in place of the address (HostKeyAlias). */
  readonly hostKeyAlias: string | null;
  /** Hops to go through, outermost first. */
  readonly jump: readonly Connection[];
  readonly become: 'auto' | 'none' | 'sudo';
  readonly algorithms?: AlgorithmLimits;
  /** The only family of addresses to connect over (AddressFamily). */
  readonly family?: 4 | 6;
  /** Milliseconds that an attempt at this hop may take (ConnectTimeout), in place of the run's own limit. */
  readonly connectTimeoutMs?: number;
};

export type DeployPolicy = {
  /** Hosts at a time after the canaries. */
  readonly batch: number;
  /** Hosts that go first, alone; 0 for none. */
  readonly canary: number;
  /** Whether a batch has ended before the next one begins. */
  readonly waves: boolean;
  /** Whether a failed host keeps those that have not begun from beginning. */
  readonly onFailure: 'stop' | 'continue';
  /** How long services must stay up without a restart; milliseconds. */
  readonly settleMs: number;
  /** When the host goes back by itself unless confirmed; milliseconds after activation began. */
  readonly deadlineMs: number;
  readonly confirm: 'per-host' | 'together';
  /** Whether a unit restarts when something that it uses has changed, or at each deploy. */
  readonly restart: 'changed' | 'always';
  /** How a host watches a new generation by itself; null where it does not. */
  readonly watch: WatchPolicy | null;
};

/** Where the deployed inputs came from, for the history. */
export type Source = { readonly commit: string; readonly dirty: boolean };

/** One app on one host with every input read and every default applied: what a run works through. */
export type HostTarget = {
  readonly host: HostName;
  readonly app: string;
  readonly connection: Connection;
  /** Account whose own login carries the code; null when the code goes over `connection` like all the rest. */
  readonly uploadUser: string | null;
  /** `auto`: whatever PID 1 is. */
  readonly runtime: 'auto' | RuntimeName;
  readonly layout: Layout;
  /** Good generations kept on the host. */
  readonly keep: number;
  readonly policy: DeployPolicy;
  /** Exclusive names of the playbook that this host owns. */
  readonly exclusiveOwned: readonly string[];
  /** Those that it does not own; it may have owned them before, and then releases them. */
  readonly exclusiveReleased: readonly string[];
  readonly tasks: readonly BoundTask[];
  /** What must hold before the host is touched. */
  readonly preconditions: readonly BoundCheck[];
  readonly checks: readonly BoundCheck[];
  /** What `fleet health` asks besides; no deploy does. */
  readonly defaultChecks: readonly BoundCheck[];
  /** What of the probe's own findings is left out there. */
  readonly unasked: readonly ('services' | 'generation')[];
  /** What the host does by itself while it is live; null for nothing. */
  readonly act: ActRules | null;
  readonly source: Source | null;
};
