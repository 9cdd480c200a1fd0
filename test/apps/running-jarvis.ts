import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bots = fileURLToPath(new URL('jarvis/bots/', import.meta.url));

/** Required keys with values that appear nowhere else, so that a search for them means something. */
export const KEYS = {
  TELEGRAM_BOT_TOKEN: 'canary-telegram-7f3a',
  XAI_API_KEY: 'canary xai $(id) 91c4',
  HELIUS_API_KEY: `canary "helius" it's e20b`,
} as const;

/** The interpreter itself: a version manager's wrapper in between would cost a shell per start. */
export const python: string = (() => {
  const ask = 'import sys; assert sys.version_info >= (3, 9); print(sys.executable)';
  try {
    return execFileSync('python3', ['-c', ask], { encoding: 'utf8' }).trim();
  } catch {
    throw new Error('python3 (3.9 or newer) is missing on this machine: install it to run this test');
  }
})();

/** Runs a piece of Python beside the app's modules; what it printed, or an Error with what it said on stderr. */
export function runPython(code: string, input = ''): string {
  return execFileSync(python, ['-B', '-c', code], { cwd: bots, input, encoding: 'utf8' });
}

export type Scratch = Disposable & { readonly dir: string; read(path: string): string };

/** A working directory for a supervisor. */
export function scratch(): Scratch {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-jarvis-'));
  return {
    dir,
    read: (path) => readFileSync(join(dir, path), 'utf8'),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}

export type Running = AsyncDisposable & {
  readonly pid: number;
  /** Everything printed so far, both streams. */
  printed(): string;
  /** Waits for a line and returns the pattern's first group; an Error with the output when it does not come. */
  says(pattern: RegExp): Promise<string>;
  signal(name: NodeJS.Signals): void;
  /** Exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
};

/** Starts a Python program and collects what it prints; it is killed at the end of the scope. */
export function start(argv: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Running {
  const child = spawn(python, ['-B', '-u', ...argv], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  }
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? '');
  return {
    pid: child.pid ?? 0,
    printed: () => text,
    says: (pattern) => firstMatch(child, () => text, pattern),
    signal: (name) => void child.kill(name),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

async function firstMatch(child: ChildProcess, text: () => string, pattern: RegExp): Promise<string> {
  for (const end = Date.now() + 5000; ; ) {
    const match = pattern.exec(text());
    if (match) return match[1] ?? match[0];
    if (Date.now() > end) throw new Error(`no ${pattern} in what process ${child.pid} printed:\n${text()}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

/** What is a process of its own: the supervisor, or one bot alone. */
export type Program = 'supervisor' | 'telegram' | 'sentiment' | 'twitter' | 'buytracker' | 'treasury';

/** A program of JARVIS on any free port, with all keys in its environment unless `env` says otherwise. */
export function startJarvis({ dir }: Scratch, env: NodeJS.ProcessEnv = KEYS, program: Program = 'supervisor'): Running {
  return start([join(bots, `${program}.py`)], dir, { JARVIS_PORT: '0', ...env });
}

export type Health = { readonly status: number; readonly text: string; readonly body: Record<string, unknown> };

/** Asks a running supervisor for its health, waiting until it listens. */
export async function health(jarvis: Running, timeoutMs = 5000): Promise<Health> {
  const url = await jarvis.says(/health at (\S+)/);
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) });
  const text = await response.text();
  return { status: response.status, text, body: JSON.parse(text) };
}

const LISTEN = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\\0", 1))
print("bound")
while True:
    print(s.recv(4096).decode().replace("\\n", " "))
`;

/** Stands in for systemd's end of the notify socket: prints each message as one line. Node has no such sockets. */
export async function listenNotify({ dir }: Scratch, address: string): Promise<Running> {
  const listener = start(['-c', LISTEN, address], dir, {});
  await listener.says(/^bound$/m);
  return listener;
}
