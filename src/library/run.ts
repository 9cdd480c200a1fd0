import { fail, ok, type Result } from '../model/outcome.ts';
import { latch } from '../util/async.ts';
import type { Event, Options } from './options.ts';
import { Refusal } from './refusal.ts';

/**
 * A command at work. Iterating gives its events; awaiting gives how it ended, as a value: a refusal says that nothing was
 * begun. It goes on whether or not anybody listens, and leaving the loop does not stop it: a signal does.
 */
export type Run<T> = AsyncIterable<Event> & PromiseLike<Result<T, Refusal>>;

/** Events that are kept for a reader who is slow. Beyond them output and progress are left out, counted, and nothing else ever is. */
const MOST = 10_000;

/** @param work throws a `Refusal`; whatever else it throws is a bug, and rejects */
export async function attempt<T>(work: () => Promise<T>): Promise<Result<T, Refusal>> {
  try {
    return ok(await work());
  } catch (error) {
    if (error instanceof Refusal) return fail(error);
    throw error;
  }
}

/** Begins a command. @param work as of `attempt` */
export function begin<T>(options: Options, work: (report: (event: Event) => void) => Promise<T>): Run<T> {
  const kept: Event[] = [];
  let over = false;
  let dropped = 0;
  const news = latch();
  const report = (event: Event) => {
    options.onEvent?.(event);
    if (kept.length >= MOST && (event.type === 'output' || event.type === 'progress')) dropped += 1;
    else kept.push(event);
    news.open();
  };
  const end = attempt(() => work(report)).finally(() => {
    over = true;
    news.open();
  });
  // Who iterates hears of a bug at the end of the loop.
  end.catch(() => {});
  return {
    // biome-ignore lint/suspicious/noThenProperty: awaiting a run is how one waits for its end
    then: (...handlers) => end.then(...handlers),
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = kept.shift();
        if (next !== undefined) yield next;
        else if (dropped > 0) {
          yield { type: 'dropped', events: dropped };
          dropped = 0;
        } else if (over) break;
        else await news.opened();
      }
      await end;
    },
  };
}
