import { spawnSync } from 'node:child_process';

const EVERY = [['dash'], ['bash', '--posix'], ['busybox', 'sh']] as const;

/** The shells of this machine that a host's `sh` may be. */
export const SHELLS = EVERY.filter(([program]) => spawnSync(program, ['-c', ':']).error === undefined);

export type Ended = { readonly status: number | null; readonly stdout: string; readonly stderr: string };

/** Feeds a script to a shell on standard input, as the supervisor does, with next to no environment. */
export function feed(shell: readonly string[], script: string, env: NodeJS.ProcessEnv = {}): Ended {
  const [program = 'sh', ...args] = shell;
  const { status, stdout, stderr } = spawnSync(program, [...args, '-s'], {
    input: script,
    env: { PATH: process.env.PATH, ...env },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

/** What a shell says about the syntax of a script without running it; '' when it is content. */
export function syntax(shell: readonly string[], script: string): string {
  const [program = 'sh', ...args] = shell;
  return spawnSync(program, [...args, '-n'], { input: script, encoding: 'utf8' }).stderr;
}
