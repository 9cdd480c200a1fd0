import type { Summary } from '../../model/events.ts';
import type { Renderer } from '../renderers/renderer.ts';
import type { Sink } from '../text/sink.ts';

/** A form of the end of a run that programs read; nothing is said on the way there. */
export type Format = (summary: Summary) => string;

export const formatRenderer = (stdout: Sink, format: Format): Renderer => ({
  on() {},
  close: (summary) => stdout.write(format(summary)),
  suspend() {},
  resume() {},
  abandon() {},
});
