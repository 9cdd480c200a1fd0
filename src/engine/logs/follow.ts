import { generationId } from '../../model/ids.ts';
import type { LogLine, LogNews } from '../../model/log-line.ts';
import type { Failure, HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { pause } from '../../util/async.ts';
import { openHost } from '../open.ts';
import type { HostRun } from '../run.ts';
import { BEGIN, type Piece, readPiece, type Wanted } from './read.ts';

export type LogSink = {
  /** Resolves when more may come. */
  readonly lines: (lines: readonly LogLine[]) => Promise<void>;
  readonly news: (news: LogNews) => void;
};

/** Milliseconds between two looks for new lines. */
const EVERY = 700;
/** Between two attempts at a host that was lost. */
const PATIENCE = [1000, 2000, 5000, 10_000, 20_000] as const;

/**
 * The lines of one host, piece by piece, each asked for when the one before was taken. With `follow` until the signal ends
 * it: a host that is lost is connected to again, and gone on with from the last line that was had.
 */
export async function hostLogs(
  target: HostTarget,
  units: readonly string[],
  wanted: Wanted,
  follow: boolean,
  sink: LogSink,
  run: HostRun,
): Promise<HostOutcome> {
  let where = BEGIN;
  let asked = wanted;
  let seen = 0;
  let told: Pick<Piece, 'ignored' | 'troubles'> | null = null;
  const wants = follow || wanted.last === null ? () => true : upTo(wanted.last);
  let last: LogLine | null = null;
  let attempt = 0;
  const done = (): HostOutcome => ({
    ...{ end: 'done', generation: generationId(0), work: { kind: 'lines', lines: seen } },
  });
  const lost = (failure: Failure): HostOutcome | null => {
    if (run.signal.aborted) return done();
    if (!follow || (seen === 0 && where === BEGIN && attempt === 0)) return { end: 'untouched', failure };
    if (attempt === 0) sink.news({ news: 'lost', failure, last: last === null ? null : last.at });
    return null;
  };
  for (;;) {
    const opened = await openHost(target, [], run);
    if (opened.ok) {
      await using host = opened.value;
      if (attempt > 0) sink.news({ news: 'back' });
      attempt = 0;
      for (;;) {
        const piece = await readPiece(host, asked, units, where, follow, run);
        if (!piece.ok) {
          const end = lost(piece.failure);
          if (end !== null) return end;
          break;
        }
        const { lines, gap, more, ignored, troubles } = piece.value;
        // Each piece has the same ones, as long as they last.
        if (told === null && ignored.length > 0) sink.news({ news: 'no-times', ignored });
        for (const text of troubles) if (!told?.troubles.includes(text)) sink.news({ news: 'trouble', text });
        told = { ignored, troubles };
        if (gap) sink.news({ news: 'gap' });
        const shown = lines.filter(wants);
        for (const line of shown) {
          if (last !== null && line.boot !== last.boot) sink.news({ news: 'rebooted' });
          last = line;
        }
        seen += shown.length;
        where = piece.value.where;
        await sink.lines(shown);
        const enough = lines.length > 0 && shown.length === 0;
        if (run.signal.aborted || (!follow && (!more || enough))) return done();
        asked = { ...asked, last: null };
        if (!more) await pause(EVERY, run.signal);
        if (run.signal.aborted) return done();
      }
    } else {
      const end = lost(opened.failure);
      if (end !== null) return end;
    }
    await pause(PATIENCE[Math.min(attempt, PATIENCE.length - 1)] ?? 1000, run.signal);
    attempt += 1;
    if (run.signal.aborted) return done();
  }
}

/** Whether a line is among the first so many, of a journal or of one file: what has come since is not. */
function upTo(most: number): (line: LogLine) => boolean {
  const counts = new Map<string, number>();
  return ({ exact, unit }) => {
    const of = exact ? '' : unit;
    const count = (counts.get(of) ?? 0) + 1;
    counts.set(of, count);
    return count <= most;
  };
}
