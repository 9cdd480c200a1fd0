import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PROGRAM_PARTS } from '../../src/host/program.ts';
import { text } from '../text.ts';

const folder = fileURLToPath(new URL('../../src/host/program/', import.meta.url));

/** The parts of the host program by their names, which are unlike in all its rooms. */
export const PARTS: readonly string[] = PROGRAM_PARTS.map((path) => basename(path));

/** The source of one part. */
export function part(name: string): string {
  const path = PROGRAM_PARTS.find((one) => basename(one) === name);
  return readFileSync(join(folder, `${path}.sh`), 'utf8');
}

/** Every part but the last, which would run a verb: what scripts of the controller may use. */
export const FUNCTIONS = PARTS.filter((name) => name !== 'main')
  .map(part)
  .join('\n');

type Ended = { readonly code: number | null; readonly stdout: string; readonly stderr: string };
export type Started = { readonly child: ChildProcess; readonly ended: Promise<Ended> };

/** A temporary host without privilege: the host program's functions, run by any shell against a folder of its own. */
export function workshop() {
  const root = mkdtempSync(join(tmpdir(), 'fleet-host-'));
  const state = join(root, '.fleet');
  mkdirSync(join(state, 'generations'), { recursive: true });

  /** Starts shell text that may use every function of the program; `$S` is the state folder. */
  const start = (shell: readonly string[], body: string): Started => {
    // Under a name that no pattern of a test finds.
    const file = join(root, `.${Math.random().toString(36).slice(2)}.sh`);
    writeFileSync(file, `${FUNCTIONS}\n${body}\n`);
    const [program = 'sh', ...options] = shell;
    const child = spawn(program, [...options, file, root, 'app', 'test'], {
      env: { PATH: process.env.PATH, FLEET_DEMO_ROOT: root },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const closed = new Promise<number | null>((done) => child.on('close', done));
    const ended = Promise.all([closed, text(child.stdout), text(child.stderr)]);
    return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) };
  };

  return {
    ...{ root, state, start },
    run: (shell: readonly string[], body: string) => start(shell, body).ended,
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** Waits until a started program has printed a line that begins like this. */
export const printed = ({ child, ended }: Started, begin: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
      if (said.split('\n').some((line) => line.startsWith(begin))) resolve();
    });
    ended.then(({ stdout, stderr }) => reject(new Error(`never said ${begin}:\n${stdout}${stderr}`)), reject);
  });
