import { bindCheck } from '../checks/define.ts';
import type { BoundCheck } from '../model/check.ts';
import type { HostName } from '../model/ids.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import type { HostTarget, Layout } from '../model/target.ts';
import type { BoundTask } from '../model/task.ts';
import { bindTask, InputError } from '../tasks/define.ts';
import { mistypedUnits } from './checked-units.ts';
import { type ConnectionContext, type Reach, reachHost } from './connection.ts';
import { type Diagnostic, diagnostic, type Position, sortDiagnostics } from './diagnostic.ts';
import { type Claims, exclusiveNames } from './exclusive.ts';
import type { InventoryHost } from './inventory.ts';
import { type Linted, lintHost, lintTasks } from './lint.ts';
import { type LocalView, localFiles } from './local-files.ts';
import { checkOverrides, type Overrides } from './overrides.ts';
import type { Playbook } from './playbook.ts';
import { fillPlaybook } from './playbook.ts';
import type { KindEntry, PlaybookBody } from './playbook-schema.ts';
import { deployPolicy } from './policy.ts';
import { mapLimited, once } from './pool.ts';
import type { Project } from './project.ts';
import { scope } from './scope.ts';
import { hostsOf, type Pair, type Selection, selectHosts, selectPairs } from './select.ts';
import { gitSource } from './source.ts';

/**
 * `read` gathers every task's local inputs, as a plan or a deploy needs; `skip` leaves `tasks` empty, for commands that
 * only look at a host or move between its generations, and so need neither code nor secrets on this machine.
 */
export type Inputs = 'read' | 'skip';

/** What a run works through, and what the operator should know before. */
export type Resolved<T> = {
  readonly targets: readonly T[];
  readonly warnings: readonly string[];
  /** What `fleet check` may say besides. */
  readonly hints: readonly string[];
};

/** A host that only has to be reached. */
export type ReachedHost = Reach & { readonly host: InventoryHost };

const AT_A_TIME = 16;

/** Selected apps on selected hosts with every input read and every default applied, or everything that is wrong. */
export async function resolveTargets(
  project: Project,
  selection: Selection,
  overrides: Overrides = {},
  inputs: Inputs = 'read',
): Promise<Result<Resolved<HostTarget>, readonly Diagnostic[]>> {
  const pairs = selectPairs(project.inventory, project.playbooks, selection);
  const flags = checkOverrides(overrides);
  if (!pairs.ok || flags.length > 0) return fail([...flags, ...(pairs.ok ? [] : pairs.failure)]);
  const warnings = new Set<string>();
  const hints = new Set<string>();
  const context = connectionContext(project, warnings);
  for (const { file } of project.playbooks.filter((one) => hostsOf(project.inventory, one).length === 0)) {
    context.warn(`${file}: its groups have no hosts, so it does nothing`);
  }
  // What only looks at hosts or goes back must not be kept from it by what is wanted next.
  const exclusive = inputs === 'read' ? exclusiveNames(project, overrides) : null;
  const binding: Binding = {
    project,
    inputs,
    claims: exclusive?.claims ?? (() => ({ holds: [], yields: [] })),
    files: localFiles(project.dir, project.caller, context.warn),
    sources: once(),
    warn: context.warn,
    tell(linted) {
      for (const text of linted.warnings) warnings.add(text);
      for (const text of linted.hints) hints.add(text);
      return linted.errors;
    },
  };
  const reached = once<Result<Reach, readonly Diagnostic[]>>();
  const results = await mapLimited(pairs.value, AT_A_TIME, async (pair) => {
    const reach = await reached(pair.host.name, () => reachOrDiagnose(context, pair.host, overrides));
    if (!reach.ok) return reach;
    const hosts = pairs.value.filter(({ playbook }) => playbook === pair.playbook).length;
    return bindPair(binding, pair, reach.value, hosts);
  });
  const targets = results.flatMap((result) => (result.ok ? [result.value] : []));
  const names = new Set(targets.map(({ host }) => host));
  const between = [...names].flatMap((name) => binding.tell(lintHost(targets.filter(({ host }) => host === name))));
  const errors = [...between, ...(exclusive?.errors ?? [])];
  return collect(errors.length > 0 ? [...results, fail(errors)] : results, warnings, hints);
}

/** How to reach the selected hosts, whatever apps they have. */
export async function resolveHosts(
  project: Project,
  selection: Selection,
  overrides: Overrides = {},
): Promise<Result<Resolved<ReachedHost>, readonly Diagnostic[]>> {
  const hosts =
    selection.apps.length === 0
      ? selectHosts(project.inventory, selection)
      : hostsOfPairs(selectPairs(project.inventory, project.playbooks, selection));
  const flags = checkOverrides(overrides);
  if (!hosts.ok || flags.length > 0) return fail([...flags, ...(hosts.ok ? [] : hosts.failure)]);
  const warnings = new Set<string>();
  const context = connectionContext(project, warnings);
  const results = await mapLimited(hosts.value, AT_A_TIME, async (host) => {
    const reach = await reachOrDiagnose(context, host, overrides);
    return reach.ok ? ok({ ...reach.value, host }) : reach;
  });
  return collect(results, warnings);
}

const hostsOfPairs = (pairs: Result<readonly Pair[], readonly Diagnostic[]>) =>
  pairs.ok ? ok([...new Set(pairs.value.map(({ host }) => host))]) : pairs;

const connectionContext = (project: Project, warnings: Set<string>): ConnectionContext => ({
  projectDir: project.dir,
  caller: project.caller,
  inventory: project.inventory,
  ssh: project.ssh,
  warn: (text) => warnings.add(text),
});

function collect<T>(
  results: readonly Result<T, readonly Diagnostic[]>[],
  warnings: ReadonlySet<string>,
  hints: ReadonlySet<string> = new Set(),
): Result<Resolved<T>, readonly Diagnostic[]> {
  const found = results.flatMap((result) => (result.ok ? [] : result.failure));
  if (found.length > 0) return fail(sortDiagnostics(found));
  return ok({
    targets: results.flatMap((result) => (result.ok ? [result.value] : [])),
    warnings: [...warnings].sort(),
    hints: [...hints].sort(),
  });
}

async function reachOrDiagnose(
  context: ConnectionContext,
  host: InventoryHost,
  overrides: Overrides,
): Promise<Result<Reach, readonly Diagnostic[]>> {
  const reach = await reachHost(context, host, overrides);
  return reach.ok ? reach : fail([diagnostic(host.at, reach.failure)]);
}

type Binding = {
  readonly project: Project;
  readonly inputs: Inputs;
  readonly claims: (app: string, host: HostName) => Claims;
  readonly files: ReturnType<typeof localFiles>;
  readonly sources: ReturnType<typeof once<HostTarget['source']>>;
  readonly warn: (text: string) => void;
  /** Passes on what was linted; returns its errors. */
  readonly tell: (linted: Linted) => readonly Diagnostic[];
};

async function bindPair(
  { project, inputs, claims, files, sources, warn, tell }: Binding,
  { host, playbook }: Pair,
  { connection, codeUser, runtime }: Reach,
  hosts: number,
): Promise<Result<HostTarget, readonly Diagnostic[]>> {
  const lookup = scope(project.inventory, host, { ...playbook, app: playbook.name, loginUser: connection.user });
  const filled = fillPlaybook(playbook, project.schema, lookup, host.name);
  if (!filled.ok) return filled;
  const body = filled.value;
  for (const text of inputs === 'read' ? mistypedUnits(body) : []) warn(`${playbook.file}: ${text}`);
  const layout = layoutOf(playbook, body);
  const trees: string[] = [];
  const view: LocalView = { lookup, data: layout.data, onTree: (folder) => trees.push(folder) };
  const entries = inputs === 'read' ? body.tasks : [];
  const tasks = await Promise.all(
    entries.map((entry, i) =>
      bindEntry(project, playbook, entry, i, (task) => bindTask(task, entry.spec, files(view), layout)),
    ),
  );
  const bound = tasks.flatMap((task) => (task.ok ? [task.value] : []));
  const errors = tell(lintTasks(bound, layout, playbook.file));
  const found = [...tasks.flatMap((task) => (task.ok ? [] : [task.failure])), ...errors];
  if (found.length > 0) return fail(found);
  const folder = trees[0] ?? project.dir;
  return ok({
    host: host.name,
    app: playbook.name,
    connection,
    codeUser,
    runtime,
    layout,
    keep: body.keep,
    policy: deployPolicy(body.deploy, hosts),
    ...claims(playbook.name, host.name),
    tasks: bound,
    preconditions: bindChecks(project, body.preconditions, layout),
    checks: bindChecks(project, body.health, layout),
    source: inputs === 'read' ? await sources(folder, () => gitSource(folder, project.caller)) : null,
  });
}

const bindChecks = ({ registry }: Project, entries: readonly KindEntry[], layout: Layout): readonly BoundCheck[] =>
  entries.flatMap(({ kind, spec }) => {
    const check = registry.checks.find((one) => one.kind === kind);
    return check ? [bindCheck(check, spec, layout)] : [];
  });

const layoutOf = (playbook: Playbook, { root, user, data }: PlaybookBody): Layout => ({
  root,
  current: `${root}/current`,
  app: playbook.name,
  user: user ?? null,
  data,
});

async function bindEntry(
  { registry }: Project,
  { locate }: Playbook,
  { kind }: KindEntry,
  i: number,
  bind: (task: (typeof registry.tasks)[number]) => Promise<BoundTask>,
): Promise<Result<BoundTask, Diagnostic>> {
  const task = registry.tasks.find((one) => one.kind === kind);
  if (task === undefined) throw new Error(`the schema let the unknown task kind ${kind} through`);
  try {
    return ok(await bind(task));
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    // No excerpt of a file that a task reads: it may hold secrets.
    const at: Position = error.at ? { ...error.at, excerpt: null } : locate(['tasks', i, kind], 'key');
    return fail(diagnostic(at, error.message));
  }
}
