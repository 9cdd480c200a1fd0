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

/** A task of one host with its inputs read: what the engine works with. */
export type BoundTask = {
  /** Its own among the tasks of an app: what its probe printed is found by it. */
  readonly name: string;
  readonly secrets: readonly Secret[];
  /** What the app's files are checked against before any host is contacted. */
  readonly declares?: Partial<Declared>;
  /** Read-only fragment of the run's one probe, or null when the task needs to know nothing. */
  readonly probe: Script | null;
  /** Pure. @param stdout what the probe fragment printed */
  plan(stdout: string, context: PlanContext): TaskPlan;
};
