/** Where things stand on a host. */
export type Layout = {
  readonly root: string;
  readonly current: string;
  readonly app: string;
  /** Service account, or null when everything runs as the login user. */
  readonly user: string | null;
  /** Data folders relative to `root`. */
  readonly data: readonly string[];
};
