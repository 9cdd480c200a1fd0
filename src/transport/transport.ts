import type { Duplex } from 'node:stream';
import type { Exit, Result } from '../model/outcome.ts';
import type { Content, Tree } from '../model/plan.ts';
import type { Script } from '../shell/sh.ts';

/** A file in a bundle; `path` is relative to the folder that the bundle is unpacked in. */
type BundleFile = { readonly path: string; readonly content: Content; readonly mode: number };

/** A small file, or a tree that goes to a folder below the one that receives; '' is that one. */
export type Part = BundleFile | { readonly tree: Tree; readonly to: string };

export type RunIo = {
  readonly signal: AbortSignal;
  /** Milliseconds until the command is given up and its channel closed. */
  readonly timeoutMs: number;
  /** Whole lines, decoded once, as they arrive. */
  readonly onLine?: (stream: 'stdout' | 'stderr', line: string) => void;
};

/** `gzip`: whether the host has it, and a long line so less to carry. */
export type UnpackIo = RunIo & { readonly gzip?: boolean };

/** Where files arrive: an absolute folder, or the beginning of a command that runs what follows it in that folder. */
export type Receiver = string | Script;

export type SyncRequest = {
  readonly tree: Tree;
  /** It exists, with nothing in it but what is another release's too. */
  readonly to: Receiver;
  /** Absolute folder of the previous release to take unchanged files from, or null; by hard link, or by copy. */
  readonly linkFrom: string | null;
  readonly copyFrom: string | null;
  readonly group: string;
};

export type SyncIo = RunIo & { readonly onProgress?: (percent: number, rate: string) => void };

export type SyncMethod = 'rsync' | 'tar';

/**
 * One connection to one host. Commands run with the most privilege that the login and `become` allow; dropping to the
 * service user is the host program's work. A non-zero exit is a value; a lost link is a Failure; nothing throws.
 */
export interface Transport extends AsyncDisposable {
  /** Why commands run without root although sudo was tried, in words with a fix; null when they do not, or before the first. */
  noRoot(): string | null;
  /** Runs a script that is sent whole over standard input: nothing of it runs when the link drops half-way. */
  run(script: Script, io: RunIo): Promise<Result<Exit>>;
  /** Another command follows soon: its shell may start now, beside what runs. Whoever only says so loses nothing. */
  ahead(): void;
  /** Unpacks parts in their order, each over what came before; secrets go over standard input only. */
  unpack(parts: readonly Part[], into: Receiver, io: UnpackIo): Promise<Result<Exit>>;
  /** Sends a tree; `method` was chosen in the plan. */
  sync(request: SyncRequest, method: SyncMethod, io: SyncIo): Promise<Result<Exit>>;
  /** A TCP connection made by the host itself, so that a service on its loopback can be checked. */
  dial(
    host: string,
    port: number,
    io: { readonly signal: AbortSignal; readonly timeoutMs: number },
  ): Promise<Result<Duplex>>;
}

/** Opens a connection; each call is a new TCP connection that verified the host's key. */
export type Connect = (signal: AbortSignal) => Promise<Result<Transport>>;
