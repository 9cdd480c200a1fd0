import type { Duplex } from 'node:stream';
import type { Script } from '../shell/sh.ts';
import type { UnitState } from './facts.ts';
import type { Confirm } from './look.ts';
import type { Exit, Result } from './outcome.ts';

/** A program of the playbook's author, run where the service runs. */
type Order = {
  readonly command: readonly string[];
  /** The files that it runs: itself, and the scripts that it is given. */
  readonly programs: readonly string[];
  /** The service user with the app's settings; the deploy's privilege; or that, unless the app could have had a hand in it. */
  readonly as: 'user' | 'root' | 'either';
};

/** What a check may use of a host: read-only scripts, unit states, and TCP connections that the host itself makes. */
export type CheckIo = {
  readonly signal: AbortSignal;
  run(script: Script, timeoutMs: number): Promise<Result<Exit>>;
  execute(order: Order, timeoutMs: number): Promise<Result<Exit>>;
  /** In the order of the names, asked in one go. */
  units(names: readonly string[]): Promise<Result<readonly UnitState[]>>;
  dial(host: string, port: number, timeoutMs: number): Promise<Result<Duplex>>;
};

/** What a check found. One with a warning has passed: nothing stops, and the reader is told. */
export type Verdict = { readonly ok: boolean; readonly detail: string; readonly warning?: true };

/** Where a TCP connection goes to, as seen from the host. */
export type Place = { readonly host: string; readonly port: number };

/** A check of one host, ready to run. */
export type BoundCheck = {
  readonly label: string;
  /** `{"kind": spec}` in JSON, as it is kept with a generation. */
  readonly written: string;
  /** How long a deploy waits for the check to pass, in milliseconds; null for as long as its deadline allows. */
  readonly retryForMs: number | null;
  /** Where it connects to from the host, which sshd has to allow; null where it does not. */
  readonly dials: Place | null;
  /** Whether what it says of a pass may hold words of the host's programs. */
  readonly quotes: boolean;
  /** For a monitor: good runs in a row after which it is well again, and how often it has to be bad to count. */
  readonly recoverAfter?: number;
  readonly confirm?: Confirm;
  check(io: CheckIo): Promise<Verdict>;
};
