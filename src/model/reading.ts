/**
 * A number that a check has seen, for graphs, trends and limits. The same for a raise above and a fall below: `critical` is
 * beyond `warn` on the side that is bad.
 */
export type Reading = {
  /** Stable, e.g. `memory bot.service` or `disk /`. */
  readonly name: string;
  readonly value: number;
  /** `ratio` is 0 to 1. */
  readonly unit: 'bytes' | 'ratio' | 'seconds' | 'celsius' | 'count';
  readonly warn: number | null;
  readonly critical: number | null;
  /** What there is at most, in the same unit; null where nothing says. */
  readonly limit: number | null;
  /** It is for the next look at the same thing, and nothing to draw. */
  readonly memo?: true;
};
