import type { Reporter } from '../model/events.ts';
import { cleanAll } from '../util/sanitize.ts';
import { type Format, formatRenderer } from './formats/index.ts';
import { jsonRenderer } from './renderers/json.ts';
import { type PlainLook, plainRenderer } from './renderers/plain.ts';
import type { Renderer } from './renderers/renderer.ts';
import type { Row } from './tables/group.ts';
import { collectNotes } from './tables/run-notes.ts';
import { linePaint, terminalPaint } from './text/paint.ts';
import { type Sink, sinkTo } from './text/sink.ts';

export type ReporterOptions = {
  /** `auto`: the live view on a terminal, plain lines elsewhere. A format is all that is written. */
  readonly mode: 'auto' | 'json' | 'plain' | Format;
  readonly verbose: boolean;
  readonly quiet: boolean;
  /** Whether all that the command is for is a report at the end: then the way there is told only with `verbose`. */
  readonly reads: boolean;
  /** Whether what the command prints on the hosts is all that is told. */
  readonly lines?: boolean;
  /** Whether plain lines begin with their time: those of a log. */
  readonly stamped?: boolean;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream;
  /** Whether `stdout` is a terminal. */
  readonly isTTY: boolean;
  /** Size of that terminal, asked for every frame. */
  readonly size: () => { readonly columns: number; readonly rows: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hosts: readonly Row[];
  /** Milliseconds since the Unix epoch. */
  readonly clock: () => number;
};

export interface RunReporter extends Reporter {
  /** Gives the terminal back at once, without a summary; for the way out after a bug or a second Ctrl-C. */
  abandon(): void;
  /** Takes the live view away while a question or a note stands on the terminal; as many `resume` bring it back. */
  suspend(): void;
  resume(): void;
}

/** Chooses how a run is shown. Whatever goes wrong with showing it never reaches the caller. */
export async function createReporter(options: ReporterOptions): Promise<RunReporter> {
  const out = sinkTo(options.stdout);
  const err = sinkTo(options.stderr);
  const isJson = options.mode === 'json';
  const notes = collectNotes();
  let warned = false;
  let suspended = 0;
  let renderer: Renderer = plainRenderer(out, options.hosts, plainLook(options));
  const chosen = await choose(options, out, err, broken);
  if (isJson || !warned) renderer = chosen;

  /** A view that fails is replaced by plain lines; those that follow are still told. */
  function broken(error: unknown): void {
    if (!warned) err.write(`fleet: the display failed (${String(error)}); the run goes on\n`);
    warned = true;
    if (isJson) return;
    renderer.abandon();
    renderer = plainRenderer(out, options.hosts, plainLook(options));
  }
  function guarded(show: () => void): boolean {
    try {
      show();
      return true;
    } catch (error) {
      broken(error);
      return false;
    }
  }
  const shown = <T>(value: T): T => (isJson ? value : cleanAll(value));
  return {
    on(event) {
      guarded(() => notes.on(shown(event)));
      guarded(() => renderer.on(shown(event)));
    },
    async close(summary) {
      const end = () => renderer.close(shown(summary), notes);
      if (!guarded(end) && !isJson) guarded(end);
      await Promise.all([out.flush(), err.flush()]);
    },
    suspend() {
      suspended += 1;
      guarded(() => renderer.suspend());
    },
    resume() {
      suspended = Math.max(0, suspended - 1);
      if (suspended === 0) guarded(() => renderer.resume());
    },
    abandon() {
      guarded(() => renderer.abandon());
    },
  };
}

function plainLook({ quiet, verbose, reads, lines = false, stamped = false, env, isTTY }: ReporterOptions): PlainLook {
  const verbosity = quiet ? 'quiet' : verbose ? 'verbose' : lines ? 'lines' : reads ? 'notes' : 'normal';
  return { verbosity, paint: linePaint(env, isTTY), stamped };
}

async function choose(
  options: ReporterOptions,
  out: Sink,
  err: Sink,
  broken: (error: unknown) => void,
): Promise<Renderer> {
  const { mode, hosts, env, isTTY, size, clock, verbose, quiet, lines } = options;
  if (mode === 'json') return jsonRenderer(out, err, quiet);
  if (typeof mode === 'function') return formatRenderer(out, mode);
  const live = mode === 'auto' && isTTY && !verbose && !quiet && lines !== true && env.TERM !== 'dumb';
  if (!live) return plainRenderer(out, hosts, plainLook(options));
  const { terminalRenderer } = await import('./live/live.ts');
  return terminalRenderer(hosts, { out, paint: terminalPaint(env), size, clock }, broken);
}
