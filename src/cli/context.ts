import type { Invoker } from '../config/invoker.ts';
import type { Shard } from '../config/select.ts';
import type { Secret } from '../model/secret.ts';

/** The process as commands see it; made in `main.ts`, which alone touches `process`. */
export type CliContext = {
  readonly invoker: Invoker;
  /** The sudo password that the invoker's environment held; `invoker.env` holds it no longer. */
  readonly becomePassword: Secret | null;
  /** The node that runs us; the demo's app runs on it too. */
  readonly execPath: string;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly stdin: NodeJS.ReadStream;
  /** Aborted by the first Ctrl-C or SIGTERM. */
  readonly signal: AbortSignal;
  /** Called once all files of this machine are read: from then on the first Ctrl-C stops cleanly, and not at once. */
  readonly begin: () => void;
  /** Does what Ctrl-C does, for whoever reads the terminal while it sends no signals. */
  readonly interrupt: () => void;
  /** Takes over how a word to the operator is shown in mid-run, so that it does not fall into the live view. */
  readonly onAside: (hook: (text: string) => void) => void;
  /** Called on a second Ctrl-C, before the process ends: gives the terminal back. */
  readonly onAbandon: (hook: () => void) => void;
};

/** Flags that most commands take: not init, demo, completion and help, which have no more to say than their words. */
export type CommonFlags = {
  readonly C?: string;
  readonly json?: boolean;
  readonly verbose?: boolean;
  readonly quiet?: boolean;
  readonly yes?: boolean;
};

/** Flags of every command that contacts hosts. */
export type HostFlags = CommonFlags & {
  readonly host: readonly string[];
  readonly group: readonly string[];
  readonly app: readonly string[];
  readonly all?: boolean;
  readonly parallel: number;
  readonly user?: string;
  readonly identity?: string;
  readonly acceptNew?: boolean;
  readonly shard?: Shard;
  readonly logFile?: string;
};
