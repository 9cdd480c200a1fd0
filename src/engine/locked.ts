import type { Failure } from '../model/outcome.ts';

/** Somebody else has the host. @param holder the host's own words, or ours for a run; only a hold names its time so */
export const locked = (holder: string): Failure => ({
  kind: 'locked',
  holder,
  hold: /, who holds it since \d{4}-/.test(holder),
});
