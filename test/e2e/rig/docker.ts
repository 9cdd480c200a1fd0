import { spawn } from 'node:child_process';

export interface Result {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array;
  readonly timeoutMs?: number;
  /** Bytes of both outputs together; who prints more is killed. */
  readonly mostBytes?: number;
}

/** Runs a program to its end. A non-zero code is a result, not an error. */
export function run(command: string, args: readonly string[], options: RunOptions = {}): Promise<Result> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString('utf8');
    const timeoutMs = options.timeoutMs ?? 60_000;
    const mostBytes = options.mostBytes ?? 64 * 1024 ** 2;
    let wrong: string | undefined;
    const end = (why: string) => {
      wrong ??= why;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(() => end(`no end after ${timeoutMs} ms`), timeoutMs);
    let bytes = 0;
    const keepIn = (chunks: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > mostBytes) end(`more than ${mostBytes} bytes of output`);
      else chunks.push(chunk);
    };
    child.stdout.on('data', keepIn(stdout));
    child.stderr.on('data', keepIn(stderr));
    // A command that does not read its input ends before the input does.
    child.stdin.on('error', () => {});
    child.stdin.end(options.stdin ?? '');
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code) => {
      clearTimeout(timer);
      if (wrong !== undefined)
        reject(new Error(`${wrong}: ${command} ${args.join(' ')}\n${text(stderr).slice(-2000)}`));
      else resolve({ code: code ?? -1, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}

/** Runs the docker client and returns its output; throws when it fails. */
export async function docker(args: readonly string[], options?: RunOptions): Promise<string> {
  const result = await run('docker', args, options);
  if (result.code !== 0) throw new Error(`docker ${args.join(' ')}: ${result.stderr.trim()}`);
  return result.stdout.trim();
}
