import { type HostOutcome, unreachable } from './outcome.ts';

/** What a run can come to that channels hear of. */
export const NEWS = ['deploy', 'revert', 'rollback', 'stuck'] as const;
export type News = (typeof NEWS)[number];

/** What the end of a deploy or a rollback is to those who were not there; null where the host is as it was before. */
export function newsOf(outcome: HostOutcome): News | null {
  switch (outcome.end) {
    case 'deployed':
      return 'deploy';
    case 'reverted':
      return 'revert';
    case 'rolled-back':
    case 'removed':
      return 'rollback';
    case 'stuck':
    case 'unknown':
      return 'stuck';
    case 'unchanged':
    case 'done':
    case 'failed':
    case 'untouched':
    case 'planned':
    case 'reported':
    case 'healthy':
    case 'unhealthy':
      return null;
    default:
      return unreachable(outcome);
  }
}
