import type { Subject } from '../model/notice.ts';
import type { Window } from '../model/window.ts';
import type { Pause } from './state.ts';
import { isWithin } from './windows.ts';

/** Whether nobody is told of a subject for now: it is paused, or in hours that are kept free for work. */
export function isQuiet(
  { host, app }: Subject,
  pauses: readonly Pause[],
  windows: readonly Window[],
  at: number,
): boolean {
  // This machine itself, and what all hosts share.
  if (host === null) return false;
  return (
    pauses.some(
      (one) =>
        one.since <= at && at < one.until && (one.host === null || one.host === host) && (one.app ?? app) === app,
    ) ||
    windows.some(
      (one) =>
        (one.hosts.length === 0 || one.hosts.includes(host)) &&
        (one.apps.length === 0 || (app !== null && one.apps.includes(app))) &&
        isWithin(one, at),
    )
  );
}
