import { defaultChecks } from '../checks/defaults.ts';
import { bindCheck } from '../checks/define.ts';
import { runCommand } from '../local/command.ts';
import type { ActRules, HungRule } from '../model/act.ts';
import type { BoundCheck } from '../model/check.ts';
import type { Declared } from '../model/declared.ts';
import type { HostName } from '../model/ids.ts';
import type { Layout } from '../model/layout.ts';
import type { Only } from '../model/only.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import type { DeployPolicy, HostTarget, Source } from '../model/target.ts';
import type { BoundTask } from '../model/task.ts';
import { bindTask, InputError } from '../tasks/define.ts';
import type { once } from '../util/async.ts';
import { clean } from '../util/sanitize.ts';
import { type Diagnostic, diagnostic, type Position } from './diagnostics/diagnostic.ts';
import { someInstances } from './inputs/instances.ts';
import type { LocalView, localFiles } from './inputs/local-files.ts';
import type { Invoker } from './invoker.ts';
import type { KindEntry } from './one-kind.ts';
import { fillPlaybook, type Playbook } from './playbook/playbook.ts';
import { type DeploySpec, type PlaybookBody, wantedDefaults } from './playbook/playbook-schema.ts';
import { scope } from './playbook/scope.ts';
import type { Project } from './project.ts';
import { mistypedUnits } from './rules/checked-units.ts';
import type { Claims } from './rules/exclusive.ts';
import { declaredBy, type Linted, lintTasks } from './rules/lint.ts';
import { unwatchedChecks } from './rules/watched-checks.ts';
import type { Pair } from './select.ts';
import type { Reach } from './ssh/connection.ts';

/**
 * `read` gathers every task's local inputs, as a plan or a deploy needs; `skip` leaves `tasks` empty, for commands that
 * only look at a host or move between its generations, and so need neither code nor secrets on this machine; `folders` has
 * of the tasks those that say which folders there are to be, which need neither too; with a part only the tasks of that part
 * are there, of instances those that are to come.
 */
export type Inputs = 'read' | 'skip' | 'folders' | Only;

/** What all pairs of a run share. */
export type Binding = {
  readonly project: Project;
  readonly inputs: Inputs;
  readonly claims: (app: string, host: HostName) => Claims;
  readonly files: ReturnType<typeof localFiles>;
  readonly sources: ReturnType<typeof once<HostTarget['source']>>;
  readonly warn: (text: string) => void;
  /** Passes on what was linted; returns its errors. */
  readonly report: (linted: Linted) => readonly Diagnostic[];
};

/**
 * One app on one host: the playbook filled with what is known of the host, and every input read.
 * @param hosts how many hosts of the app are selected
 */
export async function bindPair(
  { project, inputs, claims, files, sources, warn, report }: Binding,
  { host, playbook }: Pair,
  { connection, uploadUser, runtime }: Reach,
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
  const entries = [...body.tasks.entries()].flatMap(([i, entry]) => {
    const wanted = ofInputs(entry, inputs);
    return wanted === null ? [] : [[i, wanted] as const];
  });
  const tasks = await Promise.all(
    entries.map(([i, entry]) =>
      bindEntry(project, playbook, entry, i, (task) =>
        bindTask(`tasks.${i}.${entry.kind}`, task, entry.spec, files(view), layout),
      ),
    ),
  );
  const bound = tasks.flatMap((task) => (task.ok ? [task.value] : []));
  const declared = declaredBy(bound);
  // A part by itself is not what the rules are about.
  const errors = typeof inputs === 'object' ? [] : report(lintTasks(declared, layout, playbook.file, uploadUser));
  const forbidden =
    inputs === 'read'
      ? [
          ...refusedChecks(project, playbook, 'preconditions', body, layout, declared),
          ...refusedChecks(project, playbook, 'health', body, layout, declared),
        ]
      : [];
  const act = actRules(project, playbook, body, layout);
  const found = [
    ...(act.ok ? [] : act.failure),
    ...tasks.flatMap((task) => (task.ok ? [] : [task.failure])),
    ...errors,
    ...forbidden,
  ];
  if (found.length > 0 || !act.ok) return fail(found);
  const folder = trees[0] ?? project.dir;
  const checks = bindChecks(project, body.health, layout);
  const policy = deployPolicy(body.deploy, hosts);
  const hints = inputs === 'read' ? unwatchedChecks(checks, policy) : [];
  report({ errors: [], warnings: [], hints: hints.map((text) => `${playbook.file}: ${text}`) });
  const wanted = wantedDefaults(body.defaultChecks);
  return ok({
    host: host.name,
    app: playbook.name,
    connection,
    uploadUser,
    runtime,
    layout,
    keep: body.keep,
    policy,
    ...claims(playbook.name, host.name),
    tasks: bound,
    preconditions: bindChecks(project, body.preconditions, layout),
    checks,
    defaultChecks: defaultChecks(
      wanted,
      body.health,
      checks.map(({ label }) => label),
      layout,
    ),
    unasked: (['services', 'generation'] as const).filter((name) => !wanted.includes(name)),
    act: act.value,
    source: inputs === 'read' ? await sources(folder, () => gitSource(folder, project.invoker)) : null,
  });
}

/** An entry as far as it is to be read; null for not at all. */
function ofInputs(entry: KindEntry, inputs: Inputs): KindEntry | null {
  if (inputs === 'read') return entry;
  if (typeof inputs === 'string') return inputs === 'folders' && entry.kind === 'directories' ? entry : null;
  if (entry.kind !== inputs.part) return null;
  return inputs.part === 'instances' ? someInstances(entry, inputs) : entry;
}

/** What the host is to do by itself; a check that it cannot ask alone is no reason for anything. */
function actRules(
  { registry }: Project,
  { locate }: Playbook,
  { act }: PlaybookBody,
  layout: Layout,
): Result<ActRules | null, readonly Diagnostic[]> {
  if (act === undefined) return ok(null);
  const { heat, hung } = act;
  const rules = hung.map(({ unit, failures, when }, i): Result<HungRule, Diagnostic> => {
    const kind = registry.checks.find((one) => one.kind === when.kind);
    const { label = '', alone } = kind === undefined ? {} : bindCheck(kind, when.spec, layout);
    if (alone !== undefined) return ok({ unit, failures, label: clean(label), words: alone });
    const fix = 'take a command, or http or tcp on 127.0.0.1 (http without json)';
    return fail(diagnostic(locate(['act', 'hung', i, 'when'], 'key'), 'a host cannot ask this check alone', fix));
  });
  const wrong = rules.flatMap((rule) => (rule.ok ? [] : [rule.failure]));
  if (wrong.length > 0) return fail(wrong);
  const { throttle = null, stop = null, zones = [], units = [], ...rest } = heat ?? { below: 0, quota: '' };
  return ok({
    everyMs: act.every,
    heat: heat === undefined ? null : { throttle, stop, zones, units, ...rest },
    hung: rules.flatMap((rule) => (rule.ok ? [rule.value] : [])),
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
    const fix =
      'leave out as: root, so that it runs as the service user, or keep the program where only root can write';
    return [diagnostic(locate([list, i, kind], 'key'), `root must not run this ${kind}: ${why}`, fix)];
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

/** The git commit that a folder stands at, and whether anything in the folder differs from it; null without git. */
async function gitSource(folder: string, invoker: Invoker): Promise<Source | null> {
  const options = { cwd: folder, env: { ...invoker.env, GIT_OPTIONAL_LOCKS: '0' }, timeoutMs: 10_000 };
  const status = await runCommand(['git', 'status', '--porcelain=v2', '--branch', '--', '.'], options);
  if (!status.ran || status.code !== 0) return null;
  const lines = status.stdout.split('\n').filter((line) => line !== '');
  const commit = lines.find((line) => line.startsWith('# branch.oid '))?.slice('# branch.oid '.length);
  // `(initial)` where nothing was committed yet.
  if (commit === undefined || commit.startsWith('(')) return null;
  return { commit, dirty: lines.some((line) => !line.startsWith('# ')) };
}

/** What a playbook says of a whole run, filled for one host; null where it cannot be filled, which is told when it is bound. */
export function policyOf(
  { inventory, schema }: Project,
  { host, playbook }: Pair,
  loginUser: string,
  hosts: number,
): DeployPolicy | null {
  const lookup = scope(inventory, host, { ...playbook, app: playbook.name, loginUser });
  const filled = fillPlaybook(playbook, schema, lookup, host.name);
  return filled.ok ? deployPolicy(filled.value.deploy, hosts) : null;
}

/** @param hosts how many hosts of the app are selected, which a batch in percent is a share of; rounded up */
function deployPolicy(spec: DeploySpec, hosts: number): DeployPolicy {
  const { batch } = spec;
  return {
    batch: typeof batch === 'number' ? batch : Math.max(1, Math.ceil((hosts * Number.parseInt(batch, 10)) / 100)),
    canary: spec.canary,
    waves: spec.waves,
    onFailure: spec.onFailure,
    settleMs: spec.settle,
    deadlineMs: spec.deadline,
    confirm: spec.confirm,
    restart: spec.restart,
    watch: spec.watch ?? null,
  };
}
