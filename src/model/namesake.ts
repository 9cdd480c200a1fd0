/** A unit of the host that has the name of one of the app's, and that the app's would take the place of. */
export type Namesake = {
  readonly unit: string;
  /** The unit that the name is but another name of; null where it is the unit's own. */
  readonly aliasOf: string | null;
  /** systemd's word for whether it starts at boot: `enabled`, `static`, `masked`, `generated` … */
  readonly state: string;
  /** How many run: of a template its instances. */
  readonly running: number;
  /** Whether the host itself starts or stops with it, before or after all others. */
  readonly early: boolean;
  /** Whether fleet's own connection came through it. */
  readonly carries: boolean;
  /** Where it is defined; '' where it runs and nothing defines it any more. */
  readonly path: string;
  /** Sockets, timers and paths of the host that start it. */
  readonly startedBy: readonly string[];
  /** Units of the host that run and stop when it stops. */
  readonly neededBy: readonly string[];
};

/** What has stood aside since the app has its name: as it was then, and as it comes back. */
export type Aside = Pick<Namesake, 'unit' | 'state' | 'running' | 'path'>;
