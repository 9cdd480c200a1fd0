import { Listr, type ListrRenderer } from 'listr2';
import type { FleetEvent } from '../../model/events.ts';
import { ended, isBad } from '../messages/outcome.ts';
import type { Renderer } from '../renderers/renderer.ts';
import type { Row } from '../tables/group.ts';
import { label, severalApps } from '../tables/group.ts';
import { rowKey } from '../tables/run-notes.ts';
import { summaryLines } from '../tables/summary.ts';
import type { Paint } from '../text/paint.ts';
import type { Sink } from '../text/sink.ts';
import { frame, type Size } from './frame.ts';
import { trackRows } from './rows.ts';
import { screenOn } from './screen.ts';

export type Terminal = {
  readonly out: Sink;
  readonly paint: Paint;
  /** Asked for every frame, since a window changes its size. */
  readonly size: () => Size;
  /** Milliseconds since the Unix epoch. */
  readonly clock: () => number;
};

/** Milliseconds between two frames: events are cheap and only the timer draws. */
const FRAME = 100;

/**
 * The live view: one flat list of listr2 tasks, one per host, each settled by its host's `ended` event, shown by a
 * renderer of our own. The default renderer of listr2 lays out the whole tree on every event, which costs more than the
 * deploy itself with fifty hosts, and shows the last rows only when the list is taller than the terminal.
 * @param broken called once when drawing fails; the view has then given the terminal back
 */
export function terminalRenderer(rows: readonly Row[], terminal: Terminal, broken: (error: unknown) => void): Renderer {
  const { out, paint, size, clock } = terminal;
  const states = trackRows(rows);
  const screen = screenOn(out);
  let timer: ReturnType<typeof setInterval> | undefined;
  let stopped = false;
  let suspended = false;

  const stop = () => {
    stopped = true;
    clearInterval(timer);
    screen.clear();
  };
  const draw = () => {
    if (stopped || suspended) return;
    try {
      const now = size();
      screen.draw(frame(states.all(), now, clock(), paint), Math.max(20, now.columns));
    } catch (error) {
      stop();
      broken(error);
    }
  };

  class View implements ListrRenderer {
    static readonly rendererOptions = {};
    static readonly rendererTaskOptions = {};
    /** Whether this is a terminal has been decided before: listr2 is not to fall back to another renderer. */
    static readonly nonTTY = true;
    render() {
      timer = setInterval(draw, FRAME);
      timer.unref();
      draw();
    }
    /** All hosts have ended, the run has not: the rows stay until it does. */
    end() {
      draw();
    }
  }

  const tasks = hostTasks(rows);
  const list = new Listr(tasks.list, {
    renderer: View,
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false,
  });
  list.run().catch(broken);

  return {
    on(event) {
      states.on(event);
      tasks.on(event);
    },
    close(summary, notes) {
      stop();
      tasks.endAll();
      const look = { paint, width: size().columns, remarks: true };
      out.write(`${summaryLines(summary, notes, look).join('\n')}\n`);
    },
    suspend() {
      suspended = true;
      screen.clear();
    },
    resume() {
      suspended = false;
      draw();
    },
    abandon() {
      stop();
      tasks.endAll();
    },
  };
}

/** One listr2 task per host. A task does nothing but wait, so listr2 never decides about the work. */
function hostTasks(rows: readonly Row[]) {
  const several = severalApps(rows);
  const waiting = new Map<string, { done(): void; failed(why: Error): void }>();
  const list = rows.map((row) => {
    const end = new Promise<void>((done, failed) => waiting.set(rowKey(row), { done, failed }));
    // A host may have failed before listr2 starts to wait for it; nobody else looks at this promise.
    end.catch(() => {});
    return { title: label(row, several), task: () => end };
  });
  return {
    list,
    on(event: FleetEvent) {
      if (event.type !== 'ended') return;
      if (isBad(event.outcome)) waiting.get(rowKey(event))?.failed(new Error(ended(event.outcome)));
      else waiting.get(rowKey(event))?.done();
    },
    endAll() {
      for (const task of waiting.values()) task.done();
    },
  };
}
