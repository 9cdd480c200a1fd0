import { spawn } from 'node:child_process';
import { Terminal } from '../output/terminal.ts';
import { cli, environment, type Project } from './fleet.ts';

export type Shown = {
  readonly code: number;
  /** Every byte that reached the terminal. */
  readonly bytes: string;
  /** What a person sees in the end; what has scrolled off is in `all()`. Only for runs that asked nothing. */
  readonly screen: () => Terminal;
};

export type Typed = { readonly when: string; readonly keys: string };

/** More than any run has to say to a person. */
const MOST = 32 * 1024 ** 2;

const word = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** Runs the real command on a terminal of 80 columns and 24 rows, and types when it says something. */
export async function onTerminal(
  project: Project,
  args: readonly string[],
  { env = {}, typed }: { readonly env?: Readonly<Record<string, string>>; readonly typed?: Typed } = {},
): Promise<Shown> {
  const size = { columns: 80, rows: 24 };
  const command = `stty cols ${size.columns} rows ${size.rows}; exec ${[process.execPath, cli, ...args].map(word).join(' ')}`;
  const child = spawn('script', ['-qfec', command, '/dev/null'], {
    cwd: project.folder,
    env: { ...environment(project.home), TERM: 'xterm-256color', LANG: 'C.UTF-8', SHELL: '/bin/sh', ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let bytes = '';
  let waiting = typed;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    bytes += chunk;
    if (bytes.length > MOST) child.kill('SIGKILL');
    if (waiting === undefined || !bytes.includes(waiting.when)) return;
    child.stdin.write(waiting.keys);
    waiting = undefined;
  });
  const code = await new Promise<number>((done, failed) => {
    child.on('error', failed);
    child.on('close', (status) => done(status ?? -1));
  });
  if (bytes.length > MOST) throw new Error(`more than ${MOST} bytes on the terminal, which end: ${bytes.slice(-200)}`);
  const screen = () => {
    const terminal = new Terminal(size.columns, size.rows);
    terminal.write(bytes);
    return terminal;
  };
  return { code, bytes, screen };
}
