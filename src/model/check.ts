import type { Duplex } from 'node:stream';
import type { Script } from '../shell/sh.ts';
import type { Confirm } from './look.ts';
import type { Result } from './outcome.ts';
import type { Reading } from './reading.ts';

/**
 * What a check reads on a host: a read-only fragment, which may use the functions of the host program and ends with
 * status 0. Those of many checks go in one command.
 */
export type Question = {
  readonly script: Script;
  readonly withinMs: number;
  /** It runs what may take its time, and prints a few short lines: those of a host go side by side. */
  readonly slow?: true;
};

/** What a fragment printed. It ran at some moment between `from` and `to`, by this machine's clock; milliseconds since 1970. */
export type Printed = {
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** When all that was asked with it had ended, in hundredths of seconds since the host came up; null where that was not told. */
  readonly up: number | null;
};

/** What an earlier look has seen, by the name of its reading; null where nothing is remembered. */
export type Before = (name: string) => number | null;

/** What is remembered of an app on a host. */
export type Memory = {
  readonly before: Before;
  /** Milliseconds until a reading is at its limit, where it has long moved there; null where nothing is sure enough. */
  readonly reachesIn: (reading: Reading) => number | null;
};

export const NO_MEMORY: Memory = { before: () => null, reachesIn: () => null };

/** What a check may use of a host: what is read there, and TCP connections that the host itself makes. */
export type CheckIo = {
  readonly signal: AbortSignal;
  ask(question: Question): Promise<Result<Printed>>;
  dial(host: string, port: number, timeoutMs: number): Promise<Result<Duplex>>;
  readonly memory: Memory;
};

/** What a check found. One with a warning has passed: nothing stops, and the reader is told. */
export type Verdict = {
  readonly ok: boolean;
  readonly detail: string;
  readonly warning?: true;
  readonly readings?: readonly Reading[];
};

/**
 * When words of the host's programs may stand in what a check says, so that a secret has to be looked for in them. `never`:
 * there are none, or they were cleared on the host.
 */
export type Quotes = 'failing' | 'never';

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
  readonly quotes: Quotes;
  /** A function of the host program and its words, by which the host asks it without anybody; none where it cannot. */
  readonly alone?: readonly string[];
  /** For a monitor: good runs in a row after which it is well again, and how often it has to be bad to count. */
  readonly recoverAfter?: number;
  readonly confirm?: Confirm;
  /** What it will ask, so that it can be asked ahead with what others ask; null for one that only connects. */
  asks(before: Before): Question | null;
  check(io: CheckIo): Promise<Verdict>;
};
