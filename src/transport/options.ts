import type { Secret } from '../model/secret.ts';
import type { StartGate } from './start-gate.ts';

/** Keys that were accepted on first use, so that the next connection must see the same one. */
export type AcceptedKeys = {
  readonly keys: Map<string, string>;
  /** Settles when the last key was judged that no file could keep apart from another one. */
  judged: Promise<unknown>;
};

/** What all connections of a run share; times in milliseconds. */
export type ConnectOptions = {
  /** Trust a host whose key is not known yet, and record the key; a changed key is refused all the same. */
  readonly acceptNew: boolean;
  /** Of an opened project: what one of them has accepted is nothing to another. */
  readonly accepted: AcceptedKeys;
  /** The password for sudo, or null when there is none; called at most once, whatever the number of hosts. */
  readonly becomePassword: () => Promise<Secret | null>;
  /** The passphrase of a private key file, or null when there is none; called at most once per file. */
  readonly passphrase: (keyFile: string) => Promise<Secret | null>;
  /** Limit for one attempt at one hop: TCP, handshake and login together. */
  readonly connectTimeoutMs: number;
  /** A silent link is given up after three intervals. */
  readonly keepaliveMs: number;
  /** Further attempts after a link that failed before the login. */
  readonly retries: number;
  readonly onNote?: (text: string) => void;
  /** The known_hosts file that keys accepted on first use are appended to. */
  readonly homeKnownHosts: string;
  /** Limits logins under way per server; one gate for the whole process by default. */
  readonly startGate?: StartGate;
};
