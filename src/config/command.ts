import { execFile } from 'node:child_process';

export type CommandResult =
  | { readonly ran: true; readonly code: number; readonly stdout: string; readonly stderr: string }
  /** `why` is a predicate: `was not found`, `took longer than 30 s` … */
  | { readonly ran: false; readonly why: string; readonly stderr: string };

/** Runs a program of the operator's machine, without a shell and without standard input. Never throws. */
export function runCommand(
  argv: readonly [string, ...string[]],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv; readonly timeoutMs: number },
): Promise<CommandResult> {
  const [file, ...args] = argv;
  const { cwd, env, timeoutMs } = options;
  return new Promise((resolve) => {
    const settle = (error: Error | null, stdout: string, stderr: string) => {
      if (error === null) return resolve({ ran: true, code: 0, stdout, stderr });
      const { code, signal, killed } = error as { code?: string | number; signal?: string; killed?: boolean };
      if (typeof code === 'number') return resolve({ ran: true, code, stdout, stderr });
      const why =
        killed && code !== 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER'
          ? `took longer than ${timeoutMs / 1000} s`
          : WHY[code ?? ''];
      resolve({ ran: false, why: why ?? `was ended by ${signal ?? code ?? 'an unknown cause'}`, stderr });
    };
    try {
      const settings = { cwd, env, timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const;
      const child = execFile(file, args, { ...settings, encoding: 'utf8' }, settle);
      child.stdin?.on('error', () => {});
      child.stdin?.end();
    } catch (error) {
      resolve({ ran: false, why: `cannot be run: ${(error as Error).message}`, stderr: '' });
    }
  });
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: 'was not found',
  EACCES: 'may not be executed',
  ENOEXEC: 'is not a program: a script needs a first line such as #!/bin/sh',
  ERR_CHILD_PROCESS_STDIO_MAXBUFFER: 'printed more than 64 MB',
};

/** The last lines of what a program said, for a hint. */
export const lastLines = (text: string, count = 10): string => text.trimEnd().split('\n').slice(-count).join('\n');
