import type { Probation } from '../../model/probation.ts';
import { when } from './report.ts';
import { span } from './time.ts';

/** What a host watches by itself, or has done so. */
export function probation({ state, from, to, leftMs, running, at, because }: Probation): string {
  switch (state) {
    case 'on':
      return running
        ? `the host watches generation ${to} for ${span(leftMs)} more, and goes back to ${from} by itself if it fails`
        : `nobody watches generation ${to} any more: the watch that began at ${when(at)} has lost its process`;
    case 'going':
      return `the host goes back by itself from generation ${to} to ${from}: ${because}`;
    case 'back':
      return `the host went back by itself from generation ${to} to ${from} at ${when(at)}: ${because}`;
  }
}
