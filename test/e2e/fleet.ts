import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { jsonLines, wantsLines } from '../json-lines.ts';
import { text } from '../text.ts';
import type { TestHost } from './rig/index.ts';

/** The command as it was built. */
export const cli = fileURLToPath(new URL('../../dist/bin/fleet.js', import.meta.url));

/** A host of the inventory: a test host as it is, or with other fields (another login, a proxy's port, vars …). */
export type InventoryHost = TestHost | { readonly host: TestHost; readonly fields: Readonly<Record<string, unknown>> };

export type ProjectParts = {
  readonly hosts: Readonly<Record<string, InventoryHost>>;
  /** Written to playbooks/app.yaml; an object is written as JSON, which is YAML too. */
  readonly playbook: string | object;
  /** By path below units/. */
  readonly units?: Readonly<Record<string, string>>;
  /** By path below the project. */
  readonly files?: Readonly<Record<string, string>>;
  /** Written to secrets/app.env, one line each, as it stands. */
  readonly env?: Readonly<Record<string, string>>;
  /** A folder that is copied to app/. */
  readonly appDir?: string;
  /** The command of another build. */
  readonly cli?: string;
};

export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

type Event = { readonly type: string; readonly host?: string; readonly app?: string } & Record<string, unknown>;

export type HostSummary = {
  readonly host: string;
  readonly app: string;
  readonly outcome: string;
  /** What a deploy that went back leaves, see `Left` there. */
  readonly left?: readonly { readonly kind: string; readonly name: string; readonly because: string }[];
  readonly generation: number | null;
  readonly durationMs: number;
  /** By kind, see `Failure` in src/model/outcome.ts; `message` and `next` are what a person is shown. */
  readonly failure:
    | ({ readonly kind: string; readonly message: string; readonly next: readonly string[] } & Record<string, unknown>)
    | null;
};

export type Run = Ended & {
  /** All lines but the last. */
  readonly events: readonly Event[];
  readonly summary: {
    readonly command: string;
    readonly exitCode: number;
    readonly hosts: readonly HostSummary[];
  } | null;
};

/** A run under way, for tests that do something to it. */
export type Running = { readonly child: ChildProcess; readonly ended: Promise<Ended> };

export type Project = AsyncDisposable & {
  readonly folder: string;
  /** HOME of every run. */
  readonly home: string;
  /** Runs the real command with --json and reads what it says. */
  fleet(...args: readonly string[]): Promise<Run>;
  /** Runs the real command as a person without a terminal would. */
  human(...args: readonly string[]): Promise<Ended>;
  /** Starts the real command, or `by` of another build, and does not wait; `env` comes on top of a bare environment. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>, by?: string): Running;
  /** Writes a file of the project, e.g. app/VERSION or units/jarvis.service. */
  write(path: string, content: string): void;
  remove(path: string): void;
  /** Replaces secrets/app.env. */
  env(values: Readonly<Record<string, string>>): void;
  playbook(content: string | object): void;
};

/** A fleet project in a temporary folder, with the host keys of its test hosts pinned. */
export async function fleetProject(parts: ProjectParts): Promise<Project> {
  const project = emptyProject('app', parts.cli);
  const { folder, write, env, playbook } = project;
  const hosts = Object.fromEntries(Object.entries(parts.hosts).map(([name, host]) => [name, inventoryFields(host)]));
  write('inventory/hosts.yaml', JSON.stringify({ hosts }, null, 2));
  playbook(parts.playbook);
  mkdirSync(join(folder, 'units'), { recursive: true });
  if (parts.appDir !== undefined) cpSync(parts.appDir, join(folder, 'app'), { recursive: true });
  for (const [path, content] of Object.entries(parts.units ?? {})) write(`units/${path}`, content);
  for (const [path, content] of Object.entries(parts.files ?? {})) write(path, content);
  if (parts.env !== undefined) env(parts.env);
  return project;
}

/** A folder without any file yet, and the real command to run in it; `app` names the playbook and the env file. */
export function emptyProject(app = 'app', command = cli): Project {
  if (!existsSync(cli)) throw new Error('dist/bin/fleet.js is missing: run `npm run build` before tests on hosts');
  const folder = mkdtempSync(join(tmpdir(), 'fleet-project-'));
  const home = mkdtempSync(join(tmpdir(), 'fleet-home-'));
  writeFileSync(sshConfig(home), `UserKnownHostsFile ${join(home, '.ssh', 'known_hosts')}\n`);

  const write = (path: string, content: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content, { mode: path.startsWith('secrets/') ? 0o600 : 0o644 });
  };
  const start: Project['start'] = (args, more = {}, by = command) => {
    const options = { cwd: folder, env: { ...environment(home), NO_COLOR: '1', ...more } };
    const child = spawn(process.execPath, [by, ...args], { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const closed = new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? -1));
    });
    const ended = Promise.all([closed, text(child.stdout), text(child.stderr)]);
    return {
      child,
      ended: ended.then(([code, stdout, stderr]) => {
        // One that was killed may have been in the middle of a line.
        if (wantsLines(args)) jsonLines(stdout.slice(0, stdout.lastIndexOf('\n') + 1));
        return { code, stdout, stderr };
      }),
    };
  };

  return {
    ...{ folder, home, start, write },
    env: (values) => write(`secrets/${app}.env`, envLines(values)),
    playbook: (content) =>
      write(`playbooks/${app}.yaml`, typeof content === 'string' ? content : JSON.stringify(content, null, 2)),
    human: (...args) => start(args).ended,
    fleet: async (...args) => parseRun(await start([...args, '--json']).ended),
    remove: (path) => rmSync(join(folder, path), { recursive: true }),
    async [Symbol.asyncDispose]() {
      for (const path of [folder, home]) rmSync(path, { recursive: true, force: true });
    },
  };
}

/** An env file with these values as they stand, one line each. */
export const envLines = (values: Readonly<Record<string, string>>) =>
  Object.entries(values)
    .map(([key, value]) => `${key}=${value}\n`)
    .join('');

/** ssh looks for ~/.ssh in the home folder of the account, whatever HOME says; it must not be the operator's in a test. */
const sshConfig = (home: string) => join(home, 'ssh_config');

/** Shared by all projects: what each start of the command would compile anew. */
export const CACHE = fileURLToPath(new URL('../../.cache/projects', import.meta.url));

/** The bare environment that every run of a project has. */
export const environment = (home: string) => ({
  ...{ PATH: process.env.PATH, HOME: home, FLEET_SSH_CONFIG: sshConfig(home), XDG_CACHE_HOME: CACHE },
});

/** What stands in an inventory for a test host; its keys are pinned. */
export function inventoryFields(entry: InventoryHost): Record<string, unknown> {
  const { host, fields } = 'fields' in entry ? entry : { host: entry, fields: {} };
  const { address, port, identityFile, hostKeys } = host;
  return { address, port, user: 'root', identityFile, hostKey: hostKeys, ...fields };
}

/** Waits until a run under way has printed something on standard output; throws when it ends without. */
export function said(running: Running, words: string | RegExp): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    running.child.stdout?.on('data', (chunk: Buffer) => {
      text += chunk;
      if (typeof words === 'string' ? text.includes(words) : words.test(text)) resolve();
    });
    running.ended.then(({ stdout, stderr }) => reject(new Error(`never said ${words}:\n${stdout}${stderr}`)), reject);
  });
}

/** Reads the output of a --json run, e.g. one that was begun with `start`; what it says last is how the process ended. */
export function parseRun(ended: Ended): Run {
  const events = jsonLines(ended.stdout) as Event[];
  const summary = events.at(-1)?.type === 'summary' ? (events.pop() as unknown as Run['summary']) : null;
  if (summary !== null && ended.code !== -1 && ended.code !== summary.exitCode)
    throw new Error(`ended with ${ended.code}, and said ${summary.exitCode}:\n${ended.stdout}${ended.stderr}`);
  return { ...ended, events, summary };
}

/** The only host of a run's summary; throws with all that the run printed when there is none. */
export function only(run: Run): HostSummary {
  const [host, ...more] = run.summary?.hosts ?? [];
  if (host === undefined || more.length > 0)
    throw new Error(`not one host in the summary:\n${run.stdout}${run.stderr}`);
  return host;
}
