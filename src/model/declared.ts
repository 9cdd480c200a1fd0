/** A text file of the project; `path` is where it stands below the unit directory, or its name. */
export type SourceFile = {
  /** Relative to the project folder, as diagnostics name it. */
  readonly file: string;
  readonly path: string;
  readonly text: string;
};

/** A folder that will stand on the host. */
export type DeclaredFolder = { readonly path: string; readonly owner: string; readonly mode: number };

/** What tasks say about an app that its files can be checked against before any host is contacted. */
export type Declared = {
  readonly units: readonly SourceFile[];
  readonly enable: readonly string[];
  readonly logrotate: readonly SourceFile[];
  readonly folders: readonly DeclaredFolder[];
  /** Names of the variables in the app's `.env`. */
  readonly envKeys: readonly string[];
  /** Commands that a deploy runs on the host. */
  readonly commands: readonly (readonly string[])[];
};

export const EMPTY_DECLARED: Declared = {
  units: [],
  enable: [],
  logrotate: [],
  folders: [],
  envKeys: [],
  commands: [],
};
