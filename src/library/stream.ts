import type { Summary } from '../model/events.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import { Refusal } from './refusal.ts';

/**
 * What is read of hosts, as it comes and no faster than it is taken. Reading begins with the loop; leaving the loop ends it,
 * and `ended` then says how the hosts ended, or why nothing was begun.
 */
export type Stream<T> = AsyncIterable<T> & { readonly ended: Promise<Result<Summary, Refusal>> };

/** Entries on their way. */
export type Reading<T> = {
  readonly entries: AsyncGenerator<T, void, void>;
  /** How it has ended, once all hosts are let go. */
  readonly end: () => Promise<Summary>;
};

/** @param open begins the reading; throws a `Refusal` */
export function streamOf<T>(open: () => Promise<Reading<T>>): Stream<T> {
  let resolve: (end: Result<Summary, Refusal>) => void = () => {};
  let reject: (bug: unknown) => void = () => {};
  const ended = new Promise<Result<Summary, Refusal>>((...both) => {
    [resolve, reject] = both;
  });
  // Who iterates hears of a bug there.
  ended.catch(() => {});
  return {
    ended,
    async *[Symbol.asyncIterator]() {
      try {
        const { entries, end } = await open();
        try {
          yield* entries;
        } finally {
          resolve(ok(await end()));
        }
      } catch (error) {
        if (error instanceof Refusal) return resolve(fail(error));
        reject(error);
        throw error;
      }
    },
  };
}
