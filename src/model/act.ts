/** What a host does by itself for an app that is live. */
export type ActRules = {
  readonly everyMs: number;
  readonly heat: HeatRules | null;
  readonly hung: readonly HungRule[];
};

/** Temperatures in whole °C; null for what is never done. */
type HeatRules = {
  readonly throttle: number | null;
  readonly stop: number | null;
  /** So much cooler it has to be before either is taken back. */
  readonly below: number;
  /** `CPUQuota=` while it is throttled. */
  readonly quota: string;
  /** Types of the thermal zones that count, as wildcards; the processor's where there are none. */
  readonly zones: readonly string[];
  /** What is throttled and stopped; all that a deploy starts where there are none. */
  readonly units: readonly string[];
};

/** A service that is restarted when a check has failed so often in a row. */
export type HungRule = {
  readonly unit: string;
  readonly failures: number;
  readonly label: string;
  /** A function of the host program and its words. */
  readonly words: readonly string[];
};

/** How that stands on a host. */
export type Acts = {
  readonly state: 'cool' | 'slow' | 'off';
  /** ISO 8601, UTC, of the host's clock; `-` where nothing was done yet. */
  readonly since: string;
  /** Whether the process that looks is there. */
  readonly running: boolean;
  /** Services that hang, and have been restarted too often to be restarted again. */
  readonly givenUp: readonly string[];
  /** What was done last, oldest first. */
  readonly done: readonly Act[];
};

export type Act = {
  /** Milliseconds since it was done; null where the host has come up anew since. */
  readonly agoMs: number | null;
  /** ISO 8601, UTC, of the host's clock. */
  readonly at: string;
  readonly units: string;
  readonly what: string;
  readonly because: string;
};
