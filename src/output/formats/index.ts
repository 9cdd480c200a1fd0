import type { Summary } from '../../model/events.ts';
import type { Renderer } from '../renderers/renderer.ts';
import type { Sink } from '../text/sink.ts';
import { nagios } from './nagios.ts';
import { prometheus } from './prometheus.ts';

/** Forms of the end of `fleet health` that programs read; nothing is said on the way there. */
export type Format = 'nagios' | 'prometheus';

const WRITE = {
  nagios: (summary: Summary) => `${nagios(summary).text}\n`,
  prometheus,
} as const;

/** @param clock milliseconds since the Unix epoch */
export const formatRenderer = (stdout: Sink, format: Format, clock: () => number): Renderer => ({
  on() {},
  close: (summary) => stdout.write(WRITE[format](summary, clock())),
  suspend() {},
  resume() {},
  abandon() {},
});
