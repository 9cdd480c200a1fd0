import { bindCheck } from '../checks/define.ts';
import type { BoundCheck } from '../model/check.ts';
import type { Declared } from '../model/declared.ts';
import type { HostName } from '../model/ids.ts';
import type { Layout } from '../model/layout.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import type { BoundTask } from '../model/task.ts';
import { bindTask, InputError } from '../tasks/define.ts';
import { mapLimited, once } from '../util/pool.ts';
import { type Diagnostic, diagnostic, type Position, sortDiagnostics } from './diagnostics/diagnostic.ts';
import { gitSource } from './inputs/git-source.ts';
import { type LocalView, localFiles } from './inputs/local-files.ts';
import type { InventoryHost } from './inventory/inventory.ts';
import type { Playbook } from './playbook/playbook.ts';
import { fillPlaybook } from './playbook/playbook.ts';
import type { KindEntry, PlaybookBody } from './playbook/playbook-schema.ts';
import { deployPolicy } from './playbook/policy.ts';
import { scope } from './playbook/scope.ts';
import type { Project } from './project.ts';
import { mistypedUnits } from './rules/checked-units.ts';
import { type Claims, exclusiveNames } from './rules/exclusive.ts';
import { declaredBy, type Linted, lintHost, lintTasks } from './rules/lint.ts';
import { deployedTwice } from './rules/same-machine.ts';
import { hostsOf, type Pair, type Selection, selectHosts, selectPairs } from './select.ts';
import { type ConnectionContext, type Reach, reachHost } from './ssh/connection.ts';
import { checkOverrides, type Overrides } from './ssh/overrides.ts';

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
    files: localFiles(project.dir, project.caller, context.warn, (text) => hints.add(text)),
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
  const twice = inputs === 'read' ? deployedTwice(targets, project) : [];
  const errors = [...between, ...twice, ...(exclusive?.errors ?? [])];
  return collect(errors.length > 0 ? [...results, fail(errors)] : results, warnings, hints);
}

/**
 * How to reach the selected hosts, whatever apps they have.
 * @internal Only tests look at connections without an app so far.
 */
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

function connectionContext(project: Project, warnings: Set<string>): ConnectionContext {
  const unused = new Map<string, Set<string>>();
  const sentence = (settings: string, names: ReadonlySet<string>) =>
    `${[...names].sort().join(', ')}: what the SSH configuration says with ${settings} is not used by fleet`;
  return {
    projectDir: project.dir,
    caller: project.caller,
    inventory: project.inventory,
    ssh: project.ssh,
    warn: (text) => warnings.add(text),
    // Of hosts with the same settings it is said once.
    unused(name, settings) {
      const key = settings.toSorted().join(', ');
      const names = unused.get(key) ?? new Set();
      warnings.delete(sentence(key, names));
      unused.set(key, names.add(name));
      warnings.add(sentence(key, names));
    },
  };
}

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
      bindEntry(project, playbook, entry, i, (task) =>
        bindTask(`tasks.${i}.${entry.kind}`, task, entry.spec, files(view), layout),
      ),
    ),
  );
  const bound = tasks.flatMap((task) => (task.ok ? [task.value] : []));
  const declared = declaredBy(bound);
  const errors = tell(lintTasks(declared, layout, playbook.file, codeUser));
  const forbidden =
    inputs === 'read'
      ? [
          ...refusedChecks(project, playbook, 'preconditions', body, layout, declared),
          ...refusedChecks(project, playbook, 'health', body, layout, declared),
        ]
      : [];
  const found = [...tasks.flatMap((task) => (task.ok ? [] : [task.failure])), ...errors, ...forbidden];
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

/** Checks that an app must not have, as far as that can be seen here; the host looks again. */
const refusedChecks = (
  { registry }: Project,
  { locate }: Playbook,
  list: 'preconditions' | 'health',
  body: PlaybookBody,
  layout: Layout,
  { folders }: Declared,
): readonly Diagnostic[] =>
  body[list].flatMap(({ kind, spec }, i) => {
    const why = registry.checks.find((one) => one.kind === kind)?.refuses?.(spec, layout, folders) ?? null;
    if (why === null) return [];
    const cure =
      'leave out as: root, so that it runs as the service user, or keep the program where only root can write';
    return [diagnostic(locate([list, i, kind], 'key'), `root must not run this ${kind}: ${why}`, cure)];
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
