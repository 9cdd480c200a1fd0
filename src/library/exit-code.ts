import { type HostOutcome, unreachable } from '../model/outcome.ts';

/** The command line or the project is wrong, and no host was contacted. */
export const REFUSED = 2;
/** A bug of ours. */
export const BUG = 70;
/** The operator ended it. */
export const INTERRUPTED = 130;

/** How a run on hosts can end, worst first: it ends with the worst of its hosts. */
const PRECEDENCE = [4, INTERRUPTED, 1, 3, 5, 0] as const;
export type ExitCode = (typeof PRECEDENCE)[number];

/** What one host's end means for the run. @param reportsPending whether changes that a plan found are worth a code */
export function exitCodeOf(outcome: HostOutcome, reportsPending = false): ExitCode {
  switch (outcome.end) {
    case 'unchanged':
    case 'deployed':
    case 'rolled-back':
    case 'removed':
    case 'healthy':
      return 0;
    case 'reported':
      return outcome.report.kind === 'doctor' && outcome.report.findings.some(({ level }) => level === 'critical')
        ? 1
        : 0;
    case 'done':
      return outcome.work.kind === 'command' && outcome.work.code !== 0 ? 1 : 0;
    case 'planned':
      return reportsPending && outcome.pending ? 5 : 0;
    case 'unhealthy':
    case 'failed':
      return 1;
    case 'reverted':
      return outcome.failure.kind === 'cancelled' ? INTERRUPTED : 1;
    case 'untouched':
      return outcome.failure.kind === 'cancelled' ? INTERRUPTED : 3;
    case 'stuck':
    case 'unknown':
      return 4;
    default:
      return unreachable(outcome);
  }
}

/** The run's own exit code. @param interrupted whether the operator pressed Ctrl-C */
export function exitCode(outcomes: readonly HostOutcome[], interrupted: boolean, reportsPending = false): ExitCode {
  const codes = new Set<ExitCode>(outcomes.map((outcome) => exitCodeOf(outcome, reportsPending)));
  if (interrupted) codes.add(INTERRUPTED);
  return PRECEDENCE.find((code) => codes.has(code)) ?? 0;
}
