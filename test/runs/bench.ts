import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { vi } from 'vitest';
import type { CliContext } from '../../src/cli/context.ts';
import { runCommandLine } from '../../src/cli/program.ts';
import { type DemoHost, startDemoHost } from '../../src/demo/server.ts';
import { type Ended, only, parseRun, type Run } from '../e2e/fleet.ts';
import { type TcpProxy, tcpProxy } from '../e2e/rig/proxy.ts';
import { jsonLines, wantsLines } from '../json-lines.ts';

/** A demo host, as somebody sees it who looks at it directly. */
type BenchHost = {
  /** The app's root. */
  readonly root: string;
  /** What every connection to it goes through. */
  readonly line: TcpProxy;
  /** The text of a file below the app's root, or null. */
  read(path: string): string | null;
  /** What is live, what the service that runs has read, and what the host is busy with. */
  standing(): Promise<readonly [current: string | null, serving: string | null, phase: string | null]>;
  /** Its processes, of the app and of fleet, those of connections included. */
  processes(): readonly string[];
  /** Kills the transaction's runner. */
  killRunner(): void;
};

/** For `it`: a story has a host of its own and waits most of the time; a loaded machine takes many times as long. */
export const STORY = { concurrent: true, timeout: 240_000 } as const;

/** Waits until what is looked at is as it is to be. `expect.poll` wants to know its test, and stories go on side by side. */
export const until = (look: () => void | Promise<void>): Promise<void> =>
  vi.waitFor(look, { timeout: 60_000, interval: 100 });

/** How a run ended, on its only host. */
export const end = (run: Run) => ({ code: run.code, ...only(run) });

/** What is done once the run has printed this, before anything else happens in it. */
type Then = readonly [words: string, act: (running: Pick<Running, 'interrupt'>) => unknown];

type Options = { readonly as?: string; readonly on?: readonly Then[] };

/** A run under way. */
type Running = {
  readonly ended: Promise<Run>;
  /** The first Ctrl-C. */
  interrupt(): void;
};

export type Bench<Name extends string> = AsyncDisposable & {
  readonly folder: string;
  readonly world: (as?: string) => CliContext;
  readonly hosts: Readonly<Record<Name, BenchHost>>;
  /** Writes a file of the project. */
  write(path: string, content: string): void;
  remove(path: string): void;
  /** Writes the playbook anew; `changes` replace whole keys. */
  playbook(changes?: object): void;
  /** Runs the command line in this process, with --json. */
  start(words: readonly string[], options?: Options): Running;
  fleet(...words: readonly string[]): Promise<Run>;
  /** The same as a person without a terminal sees it. */
  human(...words: readonly string[]): Promise<Ended>;
  /** The same with something on standard input. */
  given(input: string | Buffer, ...words: readonly string[]): Promise<Ended>;
};

/**
 * The whole of fleet in this process, from the words of the command line to what it prints, against the embedded host of
 * the demo: no Docker, no root, no sshd, and seconds for a deploy. The app is called `app`; its version is app/VERSION,
 * and one that begins with
 * "broken" ends at once, as does every one while there is data/refuse. Disposing it throws when anything is still running.
 * @param names the hosts of the inventory
 */
export async function openBench<Name extends string>(...names: readonly Name[]): Promise<Bench<Name>> {
  const demos = await Promise.all(names.map(() => startDemoHost()));
  const [first] = demos;
  if (first === undefined) throw new Error('a bench without a host');
  const lines = await Promise.all(demos.map((demo) => tcpProxy(demo)));
  const folder = join(first.root, 'project');
  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode: 0o600 });
  };
  const playbook = (changes: object = {}) =>
    write('playbooks/app.yaml', JSON.stringify({ ...PLAYBOOK, hosts: names, ...changes }));

  const entries = names.map((name, i) => {
    const [demo, line] = [demos[i] as DemoHost, lines[i] as TcpProxy];
    const root = join(demo.root, 'host', 'app');
    mkdirSync(dirname(root), { recursive: true });
    const { address, user, identityFile, hostKey } = demo;
    const login = { address, user, identityFile, hostKey, port: line.port, become: 'none', runtime: 'nohup' };
    return { name, login: { ...login, vars: { place: root } }, host: benchHost(demo, root, line) };
  });
  write('inventory/hosts.yaml', JSON.stringify({ hosts: Object.fromEntries(entries.map((e) => [e.name, e.login])) }));
  playbook();
  write('units/app.service', UNIT);
  write('app/serve.sh', SERVE);
  write('app/VERSION', 'one\n');
  write('secrets/app.env', 'TOKEN=canary-token\n');

  const world = (as = 'alice'): CliContext => ({
    invoker: {
      env: { PATH: process.env.PATH, HOME: folder, FLEET_SSH_CONFIG: 'none', NO_COLOR: '1' },
      ...{ cwd: folder, home: folder, user: as },
    },
    ...{ becomePassword: null, execPath: process.execPath, signal: new AbortController().signal },
    ...{ stdout: sink(() => {}), stderr: sink(() => {}), stdin: new PassThrough() as never },
    ...{ begin: () => {}, interrupt: () => {}, onAside: () => {}, onAbandon: () => {} },
  });

  const run = async (
    words: readonly string[],
    { as = 'alice', signal = new AbortController().signal, hear = (_: string) => {}, stdin = new PassThrough() },
  ) => {
    const said = { stdout: '', stderr: '' };
    const stdout = sink((text) => {
      said.stdout += text;
      hear(said.stdout);
    });
    const stderr = sink((text) => {
      said.stderr += text;
    });
    const code = await runCommandLine(words, { ...world(as), signal, stdin: stdin as never, stdout, stderr });
    if (wantsLines(words)) jsonLines(said.stdout);
    return { code, ...said };
  };
  const start = (words: readonly string[], { as = 'alice', on = [] }: Options = {}): Running => {
    const controller = new AbortController();
    const interrupt = () => controller.abort();
    const waiting = [...on];
    const acts: unknown[] = [];
    const hear = (text: string) => {
      for (let next = waiting[0]; next !== undefined && text.includes(next[0]); next = waiting[0]) {
        waiting.shift();
        acts.push(next[1]({ interrupt }));
      }
    };
    const ended = run([...words, '--json'], { as, signal: controller.signal, hear }).then(async (end) => {
      await Promise.all(acts);
      if (waiting[0] !== undefined) throw new Error(`never said ${waiting[0][0]}:\n${end.stdout}${end.stderr}`);
      return parseRun(end);
    });
    return { ended, interrupt };
  };

  return {
    ...{ folder, world, write, playbook, start },
    hosts: Object.fromEntries(entries.map((e) => [e.name, e.host])) as Record<Name, BenchHost>,
    remove: (path) => rmSync(join(folder, path), { recursive: true }),
    fleet: (...words) => start(words).ended,
    human: (...words) => run(words, {}),
    given: (input, ...words) => run(words, { stdin: new PassThrough().end(input) }),
    async [Symbol.asyncDispose]() {
      await Promise.all(lines.map((line) => line.close()));
      await Promise.all(demos.map((demo) => demo[Symbol.asyncDispose]()));
      const left = demos.flatMap((demo) => [...processesOf(demo.root), ...(existsSync(demo.root) ? [demo.root] : [])]);
      if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`);
    },
  };
}

function benchHost(demo: DemoHost, root: string, line: TcpProxy): BenchHost {
  const read = (path: string) => (existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : null);
  const journal = (key: string) => new RegExp(`^${key} (.*)$`, 'm').exec(read('.fleet/state') ?? '')?.[1] ?? null;
  const look = () => {
    const current = existsSync(join(root, 'current')) ? readlinkSync(join(root, 'current')) : null;
    const [version = null, pid = ''] = read('data/serving')?.trim().split(' ') ?? [];
    return [current, existsSync(`/proc/${pid}/cwd`) ? version : null, journal('phase')] as const;
  };
  return {
    ...{ root, line, read },
    async standing() {
      // A service has been started when its shell has not read its first line yet.
      const end = Date.now() + 10_000;
      for (;;) {
        const [current, serving, phase] = look();
        const want = current === null ? null : (read(`${current}/VERSION`)?.trim() ?? null);
        if (serving === want || Date.now() > end) return [current, serving, phase];
        await sleep(20);
      }
    },
    processes: () => processesOf(demo.root),
    killRunner: () => process.kill(Number(journal('runner')), 'SIGKILL'),
  };
}

/** Whatever has something to do with a folder: its words, its environment, where it stands. */
function processesOf(folder: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.flatMap((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
      const known = `${words}${readFileSync(`/proc/${pid}/environ`, 'latin1')}${readlinkSync(`/proc/${pid}/cwd`)}`;
      return known.includes(folder) ? [`${pid} ${words}`] : [];
    } catch {
      // It has ended between two looks, or is somebody else's.
      return [];
    }
  });
}

/** Passes text on in the moment in which it is written. */
const sink = (take: (text: string) => void): NodeJS.WriteStream =>
  new Writable({
    decodeStrings: false,
    write(text, _encoding, done) {
      take(String(text));
      done();
    },
  }) as unknown as NodeJS.WriteStream;

/** It ends by itself, for a test whose process was killed; its supervisor ends with it. */
const SERVE = `v=$(cat VERSION)
[ ! -e "$1/data/refuse" ] || { echo "refused" >&2; exit 4; }
case $v in broken*) echo "cannot open the shop" >&2; exit 3 ;; esac
echo "$v $$" >"$1/data/serving"
exec sleep 600
`;

const UNIT = `[Service]
WorkingDirectory={{ root }}/current
EnvironmentFile={{ root }}/.env
ExecStart=/bin/sh serve.sh {{ root }}
Restart=on-failure
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

export const TASKS = [
  { sync: { from: 'app' } },
  { env: { from: 'secrets/app.env' } },
  { units: { from: 'units', enable: ['app.service'], template: true } },
];

/** The smallest window there is; and a deadline that a loaded machine keeps. */
const PLAYBOOK = {
  ...{ name: 'app', root: '{{ place }}', data: ['data'], deploy: { settle: '1ms', deadline: '5m' } },
  ...{ tasks: TASKS, health: [{ unit: 'app.service' }] },
};
