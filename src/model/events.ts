import type { Finding, Fixed } from './finding.ts';
import type { HostName } from './ids.ts';
import type { CheckResult, HostOutcome, Phase } from './outcome.ts';
import type { PlanView } from './plan.ts';

/** Everything that can happen on a host during a run, before the run has stamped it with time, host and app. */
export type EventBody =
  | { readonly type: 'phase'; readonly phase: Phase }
  | { readonly type: 'planned'; readonly plan: PlanView }
  | {
      readonly type: 'step';
      readonly id: string;
      readonly title: string;
      readonly state: 'started' | 'done' | 'failed' | 'undone';
    }
  /** Transfer progress of a step, 0 to 100. */
  | { readonly type: 'progress'; readonly id: string; readonly percent: number; readonly rate: string }
  | { readonly type: 'output'; readonly id: string; readonly stream: 'stdout' | 'stderr'; readonly line: string }
  | { readonly type: 'note'; readonly text: string }
  /** Units that a switch leaves alone, since they use nothing that has changed. */
  | { readonly type: 'kept'; readonly units: readonly string[] }
  /** How long a restarted service was not there, as the host has measured it; milliseconds. */
  | { readonly type: 'away'; readonly unit: string; readonly ms: number }
  /** A unit that was stopped comes back when `by`, which goes on, asks for it. */
  | { readonly type: 'again'; readonly unit: string; readonly by: string }
  | { readonly type: 'check'; readonly result: CheckResult }
  /** What `fleet doctor` found, and what it has put right. */
  | { readonly type: 'finding'; readonly finding: Finding }
  | { readonly type: 'fixed'; readonly fixed: Fixed }
  | { readonly type: 'ended'; readonly outcome: HostOutcome; readonly durationMs: number };

/** One thing that happened on a host during a run. Renderers see nothing else. */
export type FleetEvent = {
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly host: HostName;
  readonly app: string;
} & EventBody;

/** Everything that ended, for the last lines of a run. */
export type Summary = {
  readonly command: string;
  readonly exitCode: number;
  readonly hosts: readonly {
    readonly host: HostName;
    readonly app: string;
    readonly outcome: HostOutcome;
    readonly durationMs: number;
  }[];
};

export interface Reporter {
  on(event: FleetEvent): void;
  /** Prints the end of the run and gives the terminal back. */
  close(summary: Summary): Promise<void>;
}
