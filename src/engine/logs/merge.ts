import type { LogLine } from '../../model/log-line.ts';

/** A line of one of several sources. `late`: one that is younger was told already. */
type Told<S> = { readonly source: S; readonly line: LogLine; readonly late: boolean };

export type Merger<S> = {
  /** Adds what a source has next, in its own order; resolves when there is room for more of it. */
  push(source: S, lines: readonly LogLine[], now: number): Promise<void>;
  /** Nothing more comes from a source, or is wanted of it: it waits for room no longer. */
  end(source: S): void;
  /** The next line that may be told by now, or null. */
  next(now: number): Told<S> | null;
  /** Whether there are lines that were not told yet. */
  waiting(): boolean;
};

/** Lines that are kept of one source until they can be told, and characters: the others do not wait for whoever talks without end. */
const MOST = { lines: 10_000, characters: 4 * 1024 * 1024 } as const;

type Queued = { readonly kept: readonly unknown[]; readonly at: number; readonly characters: number };

const fits = ({ kept, at, characters }: Queued, share: number): boolean =>
  kept.length - at <= share * MOST.lines && characters <= share * MOST.characters;

/**
 * Lines of several sources in the order of their time, of one source in its own order; those of the same time in the order
 * of the sources. A line is told once each source that has not ended has one to compare it with, or when it has waited for
 * `holdBack` milliseconds.
 * @param holdBack Infinity: the order is exact
 */
export function merger<S>(sources: readonly S[], holdBack: number): Merger<S> {
  type Kept = { readonly line: LogLine; readonly came: number };
  const queues = sources.map((source) => ({
    source,
    // What was told is let go at once.
    kept: [] as (Kept | undefined)[],
    at: 0,
    characters: 0,
    ended: false,
    waiting: [] as (() => void)[],
  }));
  const queueOf = (source: S) => queues.find((queue) => queue.source === source);
  let newest = Number.NEGATIVE_INFINITY;
  return {
    push(source, lines, now) {
      const queue = queueOf(source);
      if (queue === undefined) return Promise.resolve();
      for (const line of lines) {
        queue.kept.push({ line, came: now });
        queue.characters += line.text.length;
      }
      if (queue.ended || fits(queue, 1)) return Promise.resolve();
      return new Promise((resolve) => queue.waiting.push(resolve));
    },
    end(source) {
      const queue = queueOf(source);
      if (queue === undefined) return;
      queue.ended = true;
      for (const resolve of queue.waiting.splice(0)) resolve();
    },
    waiting: () => queues.some(({ kept, at }) => at < kept.length),
    next(now) {
      let first: (typeof queues)[number] | undefined;
      let complete = true;
      for (const queue of queues) {
        const head = queue.kept[queue.at];
        if (head === undefined) {
          complete &&= queue.ended;
          continue;
        }
        const best = first?.kept[first.at];
        if (best === undefined || head.line.at < best.line.at) first = queue;
      }
      const head = first?.kept[first.at];
      if (first === undefined || head === undefined) return null;
      if (!complete && now - head.came < holdBack) return null;
      first.kept[first.at] = undefined;
      first.at += 1;
      first.characters -= head.line.text.length;
      if (first.at > 1000 && first.at * 2 > first.kept.length) {
        first.kept.splice(0, first.at);
        first.at = 0;
      }
      if (fits(first, 0.5)) for (const resolve of first.waiting.splice(0)) resolve();
      const late = head.line.at < newest;
      newest = Math.max(newest, head.line.at);
      return { source: first.source, line: head.line, late };
    },
  };
}
