import type { Phase } from '../../model/outcome.ts';

/** What a host is busy with, as a phrase that can stand after its name. */
export const PHASE: Readonly<Record<Phase, string>> = {
  connect: 'connecting',
  probe: 'reading the state of the host',
  plan: 'planning',
  prepare: 'preparing the host',
  stage: 'building the new release',
  before: 'running what comes before the start',
  activate: 'switching over',
  settle: 'watching whether the services stay up',
  verify: 'checking health',
  commit: 'confirming',
  revert: 'going back to the previous state',
};
