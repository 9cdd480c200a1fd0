import { execFileSync } from 'node:child_process';
import type { HostFacts } from '../../src/model/facts.ts';
import type { Layout } from '../../src/model/layout.ts';
import type { TaskPlan } from '../../src/model/plan.ts';
import type { PlanContext } from '../../src/model/task.ts';
import type { Script } from '../../src/shell/sh.ts';
import { bindTask, InputError, type LocalIo, type TaskKind } from '../../src/tasks/define.ts';
import { factsWith } from '../facts.ts';
import { FUNCTIONS } from '../host/workshop.ts';

/** The shells that hosts have as sh; all of them have to be installed here. */
export const SHELLS = [['dash'], ['bash', '--posix'], ['busybox', 'sh']] as const;

/** Runs a script in a shell as a host would, with the host program's functions, and returns what it printed. @throws when it fails */
export function runIn([shell, ...options]: readonly string[], script: Script | null): string {
  if (script === null) throw new Error('there is no script to run');
  const program = `set -- ${layout.root} ${layout.app} lib\n${FUNCTIONS}\nset +u; umask 022\n`;
  return execFileSync(shell ?? 'sh', [...options, '-s'], {
    encoding: 'utf8',
    input: `${program}${script.text}\n`,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

/** @throws when one of the shells cannot read the script */
export function readable(script: Script): void {
  for (const [shell, ...options] of SHELLS) {
    execFileSync(shell, [...options, '-n'], { input: script.text, stdio: ['pipe', 'pipe', 'pipe'] });
  }
}

export const layout: Layout = {
  root: '/opt/jarvis',
  current: '/opt/jarvis/current',
  app: 'jarvis',
  user: 'jarvis',
  data: [],
};

const TOOLS = new Set(['rsync', 'tar', 'useradd', 'adduser', 'logrotate', 'apt-get']);

/** A Debian host with root, unless told otherwise. */
export const hostWith = (facts: Partial<HostFacts> = {}): PlanContext => ({
  host: factsWith({ tools: TOOLS, ...facts }),
  layout,
  runtime: 'systemd',
  logins: ['root'],
});

export const UNPRIVILEGED = hostWith({ uid: 1000, user: 'deploy' });

/** The operator's side: files by path, and secrets by their source. */
export const filesOf = (files: Readonly<Record<string, string>>): LocalIo => ({
  read: async (path) => files[path] ?? missing(path),
  bytes: async (path) => files[path] ?? missing(path),
  list: async (folder) => {
    const below = Object.keys(files).filter((path) => path.startsWith(`${folder}/`));
    return below.length > 0 ? below.map((path) => path.slice(folder.length + 1)).sort() : missing(folder);
  },
  tree: async (folder) => missing(folder),
  secret: async (source) => files[typeof source === 'string' ? source : JSON.stringify(source)] ?? missing('a secret'),
  fill: (text) => text.replaceAll('{{ host }}', 'alpha'),
  warn: () => {},
  hint: () => {},
});

function missing(path: string): never {
  throw new InputError(`${path} does not exist`);
}

/** What a kind wants done for a playbook's entry on a host whose probe printed `stdout`; every script is checked. */
export async function planOf<Spec, Local, Facts>(
  task: TaskKind<string, Spec, Local, Facts>,
  entry: unknown,
  stdout = '',
  context = hostWith(),
  io = filesOf({}),
): Promise<TaskPlan> {
  const bound = await bindTask(task.kind, task, task.schema.parse(entry), io, context.layout);
  if (bound.probe) readable(bound.probe);
  const plan = bound.plan(stdout, context);
  for (const { apply, undo } of plan.prepare) {
    readable(apply);
    if (undo !== 'keep') readable(undo);
  }
  return plan;
}

/** The first message that a schema has against an entry, or null. */
export function refusal(
  task: { readonly schema: TaskKind<string, unknown, unknown, unknown>['schema'] },
  entry: unknown,
) {
  const result = task.schema.safeParse(entry);
  return result.success ? null : (result.error.issues[0]?.message ?? '');
}
