import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { python } from './running-jarvis.ts';

const app = fileURLToPath(new URL('brain-in-jar/', import.meta.url));

type Row = {
  readonly starts: number;
  readonly crashes: number;
  readonly cycle: number;
  readonly state: string;
  readonly memory: string;
};

/** A working directory with thermal zones and a place for the coordinator's socket. */
export type Jar = Disposable & {
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  write(path: string, content: string): void;
  read(path: string): string;
  /** Zones by type, in milli-degrees as the kernel writes them. */
  zones(temps: Readonly<Record<string, string>>): void;
  /** The JSON config of an experiment; returns its path. */
  config(id: string, more?: Readonly<Record<string, unknown>>): string;
  /** What the database says of an experiment. */
  row(id: string): Row;
};

const READ = `
import json, sqlite3, sys
db = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
db.row_factory = sqlite3.Row
row = db.execute("SELECT * FROM experiments WHERE id = ?", (sys.argv[2],)).fetchone()
print(json.dumps(dict(row)))`;

export function jar(): Jar {
  const dir = mkdtempSync(join(tmpdir(), 'fleet-brain-'));
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), content);
  };
  mkdirSync(join(dir, 'experiments'));
  const made: Jar = {
    dir,
    write,
    env: {
      BRAIN_SOCKET: join(dir, 'run/coordinator.sock'),
      THERMAL_ROOT: join(dir, 'thermal'),
      TEMPERATURE_CHECK_INTERVAL_SECONDS: '0.1',
    },
    read: (path) => readFileSync(join(dir, path), 'utf8'),
    zones(temps) {
      for (const [i, [type, temp]] of Object.entries(temps).entries()) {
        write(`thermal/thermal_zone${i}/type`, `${type}\n`);
        write(`thermal/thermal_zone${i}/temp`, temp);
      }
    },
    config(id, more = {}) {
      const base = { experiment_id: id, mode: 'panopticon', cycle_seconds: 0.05 };
      write(`configs/${id}.json`, JSON.stringify({ ...base, ...more }));
      return join(dir, `configs/${id}.json`);
    },
    row(id) {
      const { stdout, stderr } = spawnSync(python, ['-c', READ, join(dir, 'logs/experiments.db'), id]);
      if (stderr.length > 0) throw new Error(stderr.toString());
      return JSON.parse(stdout.toString());
    },
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
  made.zones({ 'cpu-thermal': '45000\n' });
  return made;
}

export type Running = AsyncDisposable & {
  printed(): string;
  /** Waits until it has printed something of the kind; an Error with the output when it does not. */
  says(pattern: RegExp): Promise<void>;
  signal(name: NodeJS.Signals): void;
  /** Exit code, or the name of the signal that ended it. */
  readonly ended: Promise<number | string>;
};

/** Starts a program of the app in the jar; it is killed at the end of the scope. */
export function start(
  { dir, env }: Jar,
  argv: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Running {
  const [program = '', ...rest] = argv;
  const options = {
    cwd: dir,
    env: { ...env, ...more },
    stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'],
  };
  const child = spawn(python, ['-B', '-u', join(app, program), ...rest], options);
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
  const ended = once(child, 'close').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? '');
  return {
    printed: () => text,
    async says(pattern) {
      for (const end = Date.now() + 5000; !pattern.test(text); ) {
        if (Date.now() > end) throw new Error(`no ${pattern} in what ${program} printed:\n${text}`);
        await new Promise((done) => setTimeout(done, 10));
      }
    },
    signal: (name) => void child.kill(name),
    ended,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** What a running coordinator knows. */
export async function status({
  env,
}: Jar): Promise<{ running: string[]; queue: string[]; temperature: number | null }> {
  const socket = connect(env.BRAIN_SOCKET ?? '');
  socket.write('{"op": "status"}\n');
  const [line] = (await once(socket.setEncoding('utf8'), 'data')) as string[];
  socket.destroy();
  return JSON.parse(line ?? '');
}
