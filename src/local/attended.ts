import { spawn } from 'node:child_process';

/**
 * Runs a program of the operator's machine that has the terminal to itself until it ends.
 * @returns its exit status, or why it could not be run, as a predicate
 */
export function attended(
  [file, ...args]: readonly [string, ...string[]],
  options: { readonly env: Readonly<Record<string, string | undefined>>; readonly cwd: string },
): Promise<number | string> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: 'inherit' });
    child.on('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'ENOENT' ? 'was not found' : `cannot be run: ${error.message}`),
    );
    child.on('close', (code) => resolve(code ?? 255));
  });
}
