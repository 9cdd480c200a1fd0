import { type ChildProcess, spawn } from 'node:child_process';
import { family } from './family.ts';

export type CommandResult =
  | { readonly ran: true; readonly code: number; readonly stdout: string; readonly stderr: string }
  /** `why` is a predicate: `was not found`, `took longer than 30 s` … */
  | { readonly ran: false; readonly why: string; readonly stderr: string };

export type CommandOptions = {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** Bytes that it may print on standard output. */
  readonly most?: number;
  /** Its standard input; without it there is none. */
  readonly input?: Uint8Array;
  /** Ends it before its time. */
  readonly signal?: AbortSignal;
};

const MOST = 64 * 1024 * 1024;
/** Of standard error the end is kept: that is where programs say what went wrong. */
const KEPT_OF_STDERR = 64 * 1024;
/** How long what a program left running may still hold its output open: what it has written itself is there by then. */
const LINGER_MS = 500;

/** Programs that are running, so that none outlives us. */
const running = new Set<ChildProcess>();

/**
 * Runs a program of the operator's machine, without a shell. It has ended when the program itself has, whatever it
 * leaves running. Never throws.
 *
 * It stays in our session, since it may have to ask something on the terminal; so what is to be ended with it is found
 * by its parents, not by a process group.
 */
export function runCommand(
  argv: readonly [string, ...string[]],
  { cwd, env, timeoutMs, most = MOST, input, signal }: CommandOptions,
): Promise<CommandResult> {
  const [file, ...args] = argv;
  return new Promise((resolve) => {
    let child: ChildProcess;
    try {
      child = spawn(file, args, { cwd, env, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    } catch (error) {
      resolve({ ran: false, why: `cannot be run: ${(error as Error).message}`, stderr: '' });
      return;
    }
    running.add(child);
    const chunks: Buffer[] = [];
    let size = 0;
    let said = Buffer.alloc(0);
    let whole = false;
    let linger: NodeJS.Timeout | undefined;
    const timer = setTimeout(() => stop(`took longer than ${timeoutMs / 1000} s`), timeoutMs);
    const finish = (result: (stderr: string) => CommandResult) => {
      clearTimeout(timer);
      clearTimeout(linger);
      signal?.removeEventListener('abort', stopped);
      running.delete(child);
      // What was left running may hold them open for ever.
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(result(said.toString('utf8')));
    };
    const fail = (why: string) => finish((stderr) => ({ ran: false, why, stderr }));
    const stop = (why: string) => {
      end(child);
      fail(why);
    };
    const stopped = () => stop('took too long');
    if (signal?.aborted) stopped();
    else signal?.addEventListener('abort', stopped, { once: true });
    // One that does not read it says by its exit code what that means.
    child.stdin?.on('error', () => {}).end(input);
    child.stdout?.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > most) stop(`printed more than ${Math.round(most / 1024 / 1024)} MB`);
      else chunks.push(chunk);
    });
    child.stdout?.on('end', () => {
      whole = true;
    });
    child.stderr?.on('data', (chunk: Buffer) => {
      said = Buffer.concat([said, chunk]).subarray(-KEPT_OF_STDERR);
    });
    child.on('error', (error: NodeJS.ErrnoException) => {
      fail(WHY[error.code ?? ''] ?? `cannot be run: ${error.message}`);
    });
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      if (code === null) fail(`was ended by ${signal ?? 'an unknown cause'}`);
      else if (!whole) fail(`ended with exit code ${code}, ${LEFT_OPEN}`);
      else finish((stderr) => ({ ran: true, code, stdout: Buffer.concat(chunks).toString('utf8'), stderr }));
    };
    child.on('exit', (code, signal) => {
      clearTimeout(timer);
      // What came while this process was busy is heard first.
      linger = setTimeout(() => setImmediate(ended, code, signal), LINGER_MS);
    });
    child.on('close', (code, signal) => ended(code, signal));
  });
}

/** Ends every program that is still running, and all that those started. Called when the process ends. */
export function endCommands(): void {
  for (const child of running) end(child);
}

function end(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  for (const pid of family(child.pid)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself.
    }
  }
}

const LEFT_OPEN =
  'but something that it left running still holds its output open, so that nobody can tell whether it is all there; ' +
  'let the program start what is to stay with >/dev/null';

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'was not found',
  EACCES: 'may not be executed',
  ENOEXEC: 'is not a program: a script needs a first line such as #!/bin/sh',
};

/** The last lines of what a program said, for a hint. */
export const lastLines = (text: string, count = 10): string => text.trimEnd().split('\n').slice(-count).join('\n');
