import { healthOf } from '../../engine/commands/health.ts';
import type { Summary } from '../../model/events.ts';
import type { Chosen } from '../choose.ts';
import { memoryOf, stateOf } from '../store.ts';

/** Read-only, and takes no lock. With what the monitor remembers, where it has run; nothing is remembered of this look. */
export async function health(chosen: Chosen): Promise<Summary> {
  const state = await stateOf(chosen.project);
  return chosen.finish(
    await chosen.lookAtHosts((shares) => healthOf(shares, ({ host, app }) => memoryOf(state, host, app))),
  );
}
