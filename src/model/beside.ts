/** A process of the host that is none of the app's, and stands below its root, runs a program from there or names it. */
export type Bystander = {
  readonly pid: number;
  readonly parent: number;
  readonly account: string;
  /** What runs it: a unit of systemd, `user:UNIT` for one of the account's own; null where a person or cron has started it. */
  readonly unit: string | null;
  readonly terminal: boolean;
  readonly cwd: string;
  /** The file that it runs. */
  readonly program: string;
  readonly argv: readonly string[];
};

/** A line of a crontab, or of rc.local, that has to do with the root; or another line of such a crontab. */
export type BootLine = {
  /** Whose crontab it is; null where a line says itself for whom it runs. */
  readonly account: string | null;
  /** `-` for the crontab of fleet's own login. */
  readonly file: string;
  readonly home: string | null;
  readonly text: string;
};

/** What is at work, or will be, beside the app. */
export type Beside = {
  /** Services of the app that it is a second copy of; none for what merely lies below the root. */
  readonly copyOf: readonly string[];
  readonly account: string;
  readonly command: string;
} & (
  | { readonly by: 'process'; readonly pid: number; readonly unit: string | null; readonly cwd: string }
  | { readonly by: 'line'; readonly file: string }
);
