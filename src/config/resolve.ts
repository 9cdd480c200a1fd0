import { fail, ok, type Result } from '../model/outcome.ts';
import type { Connection, HostTarget } from '../model/target.ts';
import { mapLimited, once } from '../util/async.ts';
import { type Binding, bindPair, type Inputs, policyOf } from './bind.ts';
import { type Diagnostic, diagnostic, sortDiagnostics } from './diagnostics/diagnostic.ts';
import { localFiles } from './inputs/local-files.ts';
import type { InventoryHost } from './inventory/inventory.ts';
import type { Playbook } from './playbook/playbook.ts';
import type { Project } from './project.ts';
import { exclusiveNames } from './rules/exclusive.ts';
import { lintHost } from './rules/lint.ts';
import { deployedTwice, destination } from './rules/same-machine.ts';
import { hostsOf, type Pair, type Selection, selectHosts, selectPairs } from './select.ts';
import { brokenByParts, emptyPart, type Parts, partsOf, shareOf } from './shards.ts';
import { type ConnectionContext, type Reach, reachHost } from './ssh/connection.ts';
import { checkOverrides, type Overrides } from './ssh/overrides.ts';

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
  const chosen = new Set(pairs.value.map(({ playbook }) => playbook));
  const warnings = new Set([...project.warnings, ...[...chosen].flatMap((playbook) => playbook.warnings)]);
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
    claims: exclusive?.claims ?? (() => ({ exclusiveOwned: [], exclusiveReleased: [] })),
    files: localFiles(project.dir, project.invoker, context.warn, (text) => hints.add(text)),
    sources: once(),
    warn: context.warn,
    report(linted) {
      for (const text of linted.warnings) warnings.add(text);
      for (const text of linted.hints) hints.add(text);
      return linted.errors;
    },
  };
  const reached = once<Result<Reach, readonly Diagnostic[]>>();
  const reachOnce: ReachOnce = (host) => reached(host.name, () => reachOrDiagnose(context, host, overrides));
  const { shard } = selection;
  const split = shard === undefined ? ok(null) : await splitUp(pairs.value, shard, project, reachOnce, binding.claims);
  if (!split.ok) return split;
  const parts = split.value;
  const mine = pairs.value.filter(({ host }) => parts === null || parts.get(host.name) === shard?.part);
  if (mine.length === 0 && shard && parts) warnings.add(emptyPart(shard, parts));
  const results = await mapLimited(mine, AT_A_TIME, async (pair) => {
    const reach = await reachOnce(pair.host);
    if (!reach.ok) return reach;
    const bound = await bindPair(binding, pair, reach.value, hostsOfApp(pairs.value, pair.playbook));
    if (!bound.ok || !shard || !parts) return bound;
    const batch = shareOf(bound.value.policy.batch, pair.playbook, shard.part, pairs.value, parts);
    return ok({ ...bound.value, policy: { ...bound.value.policy, batch } });
  });
  const targets = results.flatMap((result) => (result.ok ? [result.value] : []));
  const names = new Set(targets.map(({ host }) => host));
  const alone = typeof inputs === 'object';
  const between = (alone ? [] : [...names]).flatMap((name) =>
    binding.report(lintHost(targets.filter(({ host }) => host === name))),
  );
  const twice = inputs === 'read' ? deployedTwice(targets, project) : [];
  const errors = [...between, ...twice, ...(exclusive?.errors ?? [])];
  return collect(errors.length > 0 ? [...results, fail(errors)] : results, warnings, hints);
}

type ReachOnce = (host: InventoryHost) => Promise<Result<Reach, readonly Diagnostic[]>>;

const hostsOfApp = (pairs: readonly Pair[], app: Playbook) => pairs.filter(({ playbook }) => playbook === app).length;

/** The parts of a selection, or why it must not be taken apart. */
async function splitUp(
  pairs: readonly Pair[],
  { of, ordered }: NonNullable<Selection['shard']>,
  project: Project,
  reach: ReachOnce,
  claims: Binding['claims'],
): Promise<Result<Parts, readonly Diagnostic[]>> {
  const logins = new Map<InventoryHost, Connection>();
  const found = await mapLimited([...new Set(pairs.map(({ host }) => host))], AT_A_TIME, async (host) => {
    const reached = await reach(host);
    if (!reached.ok) return reached.failure;
    logins.set(host, reached.value.connection);
    return [];
  });
  if (found.flat().length > 0) return fail(sortDiagnostics(found.flat()));
  const parts = partsOf(new Map([...logins].map(([{ name }, login]) => [name, destination(login)])), of);
  const apps = [...new Set(pairs.map(({ playbook }) => playbook))];
  const specs = apps.flatMap((app) => {
    const pair = pairs.find(({ playbook }) => playbook === app);
    const login = pair && logins.get(pair.host);
    const policy = pair && login && policyOf(project, pair, login.user, hostsOfApp(pairs, app));
    return policy ? [[app, policy] as const] : [];
  });
  const broken = ordered ? brokenByParts(pairs, parts, of, new Map(specs), claims) : [];
  return broken.length > 0 ? fail(sortDiagnostics(broken)) : ok(parts);
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

function connectionContext(project: Project, warnings: Set<string>): ConnectionContext {
  const unused = new Map<string, Set<string>>();
  const sentence = (settings: string, names: ReadonlySet<string>) =>
    `${[...names].sort().join(', ')}: what the SSH configuration says with ${settings} is not used by fleet`;
  return {
    projectDir: project.dir,
    invoker: project.invoker,
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
