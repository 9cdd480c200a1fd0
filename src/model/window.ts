/** Hours in which nobody is told anything, by the clock on the wall of a place. */
export type Window = {
  /** Hosts and apps that it is for; empty for all. */
  readonly hosts: readonly string[];
  readonly apps: readonly string[];
  /** Days on which it begins, 0 for Sunday; empty for every day. */
  readonly days: readonly number[];
  /** Minutes since midnight. One that ends no later than it begins ends on the next day. */
  readonly from: number;
  readonly to: number;
  /** By its name in the IANA time zone database, e.g. `Europe/Berlin`. */
  readonly zone: string;
};
