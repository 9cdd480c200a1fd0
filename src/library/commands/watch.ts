import { watchHost } from '../../engine/commands/report.ts';
import type { HostName } from '../../model/ids.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { lastOf } from '../../monitor/readings.ts';
import { latch } from '../../util/async.ts';
import type { Chosen } from '../choose.ts';
import { stateOf } from '../store.ts';
import type { Reading } from '../stream.ts';

/** How an app stands on a host, as `status` reports it. */
export type Seen = { readonly host: HostName; readonly app: string; readonly outcome: HostOutcome };

/** Looks again and again, over connections that stay open; of what a slow reader has missed it gets the last look. */
export async function watch(chosen: Chosen, everyMs: number, stop: AbortSignal): Promise<Reading<Seen>> {
  const news = new Map<HostTarget, HostOutcome>();
  const wake = latch();
  let over = false;
  const signal = AbortSignal.any([chosen.signal, stop]);
  const state = await stateOf(chosen.project);
  const ended = chosen
    .look((target, run) =>
      watchHost(target, { ...run, signal }, everyMs, lastOf(state, target.host, target.app), (outcome) => {
        news.set(target, outcome);
        wake.open();
      }),
    )
    .finally(() => {
      over = true;
      wake.open();
    });
  async function* entries(): AsyncGenerator<Seen, void, void> {
    while (!over || news.size > 0) {
      for (const [target, outcome] of news) {
        news.delete(target);
        yield { host: target.host, app: target.app, outcome };
      }
      if (!over && news.size === 0) await wake.opened();
    }
  }
  // Nothing but its reader ends it, and that is no failure.
  return { entries: entries(), end: async () => chosen.finish(await ended, () => 0) };
}
