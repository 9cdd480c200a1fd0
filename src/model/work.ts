/** What a person can ask of services between two deploys. */
const VERBS = ['start', 'stop', 'restart', 'reload', 'enable', 'disable', 'kill', 'reset-failed'] as const;
export type Verb = (typeof VERBS)[number];

/** A unit as a verb found or left it. */
export type Standing = {
  readonly active: string;
  readonly sub: string;
  readonly pid: number;
  /** Whether it starts at boot; null where the verb is not about that. */
  readonly enabled: boolean | null;
};

export type UnitWork = { readonly unit: string; readonly was: Standing; readonly is: Standing };

/** What a person asked a host to do, and what came of it; no generation has changed by it. */
export type Work =
  | { readonly kind: 'units'; readonly verb: Verb; readonly units: readonly UnitWork[] }
  /** Lines of logs that were read. */
  | { readonly kind: 'lines'; readonly lines: number }
  /** `code`: the exit status of the command; null where nobody knows how it ended, or it was ended. */
  | { readonly kind: 'command'; readonly command: readonly string[]; readonly code: number | null };
