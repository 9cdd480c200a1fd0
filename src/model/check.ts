import type { Duplex } from 'node:stream';
import type { Script } from '../shell/sh.ts';
import type { Exit, Result } from './outcome.ts';

/** Normalised state of a service, whatever runtime runs it. */
export type UnitState = {
  readonly unit: string;
  /** active, activating, inactive, failed … as systemd names them; the nohup runtime uses the same words. */
  readonly active: string;
  readonly sub: string;
  readonly pid: number;
  readonly restarts: number;
  readonly result: string;
  readonly status: number;
};

/** What a check may use of a host: read-only scripts, unit states, and TCP connections that the host itself makes. */
export type CheckIo = {
  readonly signal: AbortSignal;
  run(script: Script, timeoutMs: number): Promise<Result<Exit>>;
  /** In the order of the names, asked in one go. */
  units(names: readonly string[]): Promise<Result<readonly UnitState[]>>;
  dial(host: string, port: number, timeoutMs: number): Promise<Result<Duplex>>;
};

/** What a check found. One with a warning has passed: nothing stops, and the reader is told. */
export type Verdict = { readonly ok: boolean; readonly detail: string; readonly warning?: true };

/** A check of one host, ready to run. */
export type BoundCheck = {
  readonly label: string;
  /** How long a deploy waits for the check to pass, in milliseconds. */
  readonly withinMs: number;
  check(io: CheckIo): Promise<Verdict>;
};
