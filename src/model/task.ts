import type { Script } from '../shell/sh.ts';
import type { Declared } from './declared.ts';
import type { HostFacts, RuntimeName } from './facts.ts';
import type { Layout } from './layout.ts';
import type { TaskPlan } from './plan.ts';
import type { Secret } from './secret.ts';

/** What planning a task may know of the host beyond the task's own facts. */
export type PlanContext = {
  readonly host: HostFacts;
  readonly layout: Layout;
  readonly runtime: RuntimeName;
  /** Accounts that fleet logs in as on this host. */
  readonly logins: readonly string[];
};

/** What a deploy of single instances needs to know of a task that makes instances. */
export type InstanceSet = {
  /** The template. */
  readonly of: string;
  /** The drop-in of an instance, relative to the unit directory. */
  readonly dropIn: (name: string) => string;
  /** Paths of the files of an instance. */
  readonly filesOf: (name: string) => readonly string[];
  /** How many there may be; null for any number. */
  readonly most: number | null;
  /** Why instances with these drop-ins are more than may be, in sentences. */
  readonly over: (all: readonly { readonly name: string; readonly dropIn: string }[]) => readonly string[];
};

/** A task of one host with its inputs read: what the engine works with. */
export type BoundTask = {
  /** Its own among the tasks of an app: what its probe printed is found by it. */
  readonly name: string;
  readonly secrets: readonly Secret[];
  /** What the app's files are checked against before any host is contacted. */
  readonly declares?: Partial<Declared>;
  readonly instances?: InstanceSet;
  /** Read-only fragment of the run's one probe, or null when the task needs to know nothing. */
  readonly probe: Script | null;
  /** Pure. @param stdout what the probe fragment printed */
  plan(stdout: string, context: PlanContext): TaskPlan;
};
