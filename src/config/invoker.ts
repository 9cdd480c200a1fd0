/** The operator's surroundings, handed in by the command line: nothing below reads the process's own. */
export type Invoker = {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Absolute. */
  readonly home: string;
  /** Login name on the operator's machine: the last resort for a connection's user. */
  readonly user: string;
};
