import type { BaseRecord } from '../../host/base.ts';
import type { Answers } from '../../host/call.ts';
import type { ProbeReply } from '../../host/facts.ts';
import { stateFolder } from '../../host/layout.ts';
import type { RecordFile } from '../../host/record.ts';
import { fileLine, SERVICES, variedFiles } from '../../host/record.ts';
import type { GenerationFacts, HostFacts, RuntimeName } from '../../model/facts.ts';
import type { Only } from '../../model/only.ts';
import { type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import { partName } from '../../model/part.ts';
import { EMPTY_TASK_PLAN, type Plan, type PlanView, type TaskPlan, type UnitFile, type Use } from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import type { BoundTask, InstanceSet, PlanContext } from '../../model/task.ts';
import { accountsOf } from '../../runtime/accounts.ts';
import { runtimeFor } from '../../runtime/choose.ts';
import { fallbackFiles } from '../../runtime/nohup/fallback.ts';
import { instanceOf, instantiate, templateOf } from '../../unit/syntax/name.ts';
import { stillByHand } from '../by-hand.ts';
import { unrecorded } from '../open.ts';
import { intrusions } from './neighbours.ts';
import { compareParts, digestOf, inputDigests, type Parts } from './parts.ts';
import { answerTo, moved } from './plan.ts';
import { actionsOf } from './restarts.ts';

/** What of the base's record is written anew, and what of it goes. */
export type RecordEdit = { readonly put: readonly RecordFile[]; readonly gone: readonly string[] };

export type PlannedPart = { readonly plan: Plan; readonly view: PlanView; readonly edit: RecordEdit };

/** What is to be, of all that one part may change. */
type Varied = {
  readonly parts: Parts;
  readonly start: readonly string[];
  readonly uses: readonly Use[];
  readonly edit: RecordEdit;
  readonly warnings: readonly string[];
};

type Asked = {
  readonly target: HostTarget;
  readonly probe: ProbeReply;
  readonly record: BaseRecord | null;
  readonly plans: readonly (TaskPlan & { readonly instances: InstanceSet | null })[];
  readonly runtime: RuntimeName;
};

const refused = (why: string) => fail<Failure>({ kind: 'not-apart', why });

/**
 * Pure: the generation that is active, with one part as the project has it now. Of the rest the project is not asked: what
 * has changed there waits for a deploy of the whole.
 * @param record what the host has told of the active generation's record; null where an older fleet made it
 */
export function planPart(
  target: HostTarget,
  only: Only,
  tasks: readonly BoundTask[],
  probe: ProbeReply,
  answers: Answers,
  record: BaseRecord | null,
): Result<PlannedPart> {
  const { facts } = probe;
  if (probe.elsewhere !== null) return fail({ kind: 'unsupported', needs: moved(target.layout.app, probe.elsewhere) });
  const lost = unrecorded(probe, target.layout);
  if (lost !== null) return fail(lost);
  const base = facts.generations.find(({ id }) => id === facts.active);
  const unfit = whyUnfit(facts, base);
  if (unfit !== null || base === undefined) return refused(unfit ?? 'nothing is deployed there');
  const runtime: RuntimeName = probe.runtime === 'nohup' ? 'nohup' : 'systemd';
  const logins = [target.connection.user];
  const context: PlanContext = { host: facts, layout: target.layout, runtime, logins };
  const plans = tasks.map((task) => ({
    ...task.plan(answerTo(task, answers), context),
    instances: task.instances ?? null,
  }));
  const asked: Asked = { target, probe, record, plans, runtime };
  const varied = only.part === 'env' ? varyEnv(asked) : varyInstances(asked, only);
  if (!varied.ok) return varied;
  const { parts, edit, start, uses, warnings } = varied.value;
  const unsupported = plans.flatMap((plan) => plan.unsupported);
  if (unsupported.length > 0) return fail({ kind: 'unsupported', needs: unsupported.join('; ') });
  const differences = compareParts(probe.parts, parts);
  const plan = decide(facts, base, parts, differences.length > 0, runtime);
  return ok({
    plan,
    edit,
    view: {
      to: plan.to,
      base: facts.active,
      runtime,
      changes: plan.to === 'repair' ? facts.drift.map((drift) => ({ sign: '!', drift })) : differences,
      units: actionsOf(plan, { start, uses, parts }, probe),
      byHand: stillByHand(probe),
      ...{ replaces: [], returns: [], beside: [], logins: [] },
      warnings,
    },
  });
}

/** Why no part of a generation can be changed by itself. */
function whyUnfit({ active, altered }: HostFacts, base: GenerationFacts | undefined): string | null {
  if (active === 0 || base === undefined) return 'nothing is deployed there';
  if (base.verdict !== 'good') return `generation ${active}, which is live, never became healthy`;
  const [first] = altered;
  return first === undefined ? null : `the code of generation ${active} was changed on the host (${first})`;
}

function decide(
  { active, drift }: HostFacts,
  { id }: GenerationFacts,
  parts: Parts,
  differs: boolean,
  runtime: RuntimeName,
): Plan {
  if (!differs && drift.length === 0) return { to: 'nothing', generation: id };
  if (!differs) return { to: 'repair', generation: id, drift, prepare: [] };
  const { prepare, stage, before, units, enable, files, env, exposure } = EMPTY_TASK_PLAN;
  const nothing = { prepare, stage, before, units, enable, files, env, exposure };
  return { to: 'advance', base: active, digest: digestOf(parts), runtime, ...nothing };
}

const started = ({ units }: ProbeReply) =>
  units.filter(({ startedBy }) => startedBy === undefined).map(({ unit }) => unit);

const digestIn = (plan: Partial<TaskPlan>, name: string, { target, runtime }: Asked) => {
  const digest = inputDigests({ ...EMPTY_TASK_PLAN, ...plan }, target.layout, runtime).get(name);
  if (digest === undefined) throw new Error(`no part ${name}`);
  return digest;
};

/** Digests come from a host, and what is none there is none of ours. */
const partsOf = ({ probe }: Asked) => new Map(probe.parts as Parts);

const ENV = partName({ kind: 'env' });

function varyEnv(asked: Asked): Result<Varied> {
  const { probe, plans } = asked;
  const env = plans.findLast((plan) => plan.env !== null)?.env ?? null;
  if (env === null) return refused('the playbook has no env task');
  if (!probe.parts.has(ENV)) return refused(`generation ${probe.facts.active} has no .env yet`);
  const parts = partsOf(asked).set(ENV, digestIn({ env }, ENV, asked));
  return ok({
    ...{ parts, start: started(probe), uses: probe.uses },
    edit: { put: variedFiles({ parts, env }), gone: [] },
    warnings: plans.flatMap(({ warnings }) => warnings),
  });
}

function varyInstances(asked: Asked, { change, of, names }: Extract<Only, { part: 'instances' }>): Result<Varied> {
  const { target, probe, record, plans, runtime } = asked;
  const { facts } = probe;
  const own = plans.find((plan) => plan.instances?.of === of);
  const set = own?.instances ?? null;
  if (own === undefined || set === null) return refused(`the playbook has no instances of ${of}`);
  if (record === null) return refused(`generation ${facts.active} was deployed by an older fleet`);
  if (!record.units.some(({ path }) => path === of)) return refused(`generation ${facts.active} does not have ${of}`);
  // One that is there already is not changed by being added.
  const meant = names.filter((name) => record.wanted.includes(instantiate(of, name)) === (change === 'remove'));
  const units = meant.map((name) => instantiate(of, name));
  const parts = partsOf(asked);
  const nothing = { parts, start: started(probe), uses: probe.uses, edit: { put: [], gone: [] }, warnings: [] };
  if (meant.length === 0) return ok(nothing);

  // What stands there of a new one was left by something else, and makes room.
  const theirs = { units: new Set(meant.map(set.dropIn)), files: new Set(meant.flatMap(set.filesOf)) };
  const wanted =
    change === 'add' ? insert(record.wanted, units, of) : record.wanted.filter((unit) => !units.includes(unit));
  const fresh: TaskPlan = {
    ...EMPTY_TASK_PLAN,
    units: change === 'add' ? own.units.filter(({ path }) => theirs.units.has(path)) : [],
    files: change === 'add' ? own.files.filter(({ path }) => theirs.files.has(path)) : [],
  };
  const all = [...record.units.filter(({ path }) => !theirs.units.has(path)), ...fresh.units];
  const others = intrusions(target.layout, { ...fresh, enable: units }, runtime, probe.neighbours);
  if (others.refused.length > 0) return fail({ kind: 'taken', taken: others.refused });
  const over = change === 'add' ? overLimits(set, wanted, all) : [];
  if (over.length > 0) return fail({ kind: 'over-limit', why: over });

  const chosen = runtimeFor(runtime, facts);
  if (!chosen.ok) return chosen;
  const input = { units: all, enable: wanted, layout: target.layout, host: facts };
  const launch = chosen.value.record(input);
  if (launch.unsupported.length > 0) return fail({ kind: 'unsupported', needs: launch.unsupported.join('; ') });
  const fallback =
    runtime === 'systemd' ? fallbackFiles({ ...input, units: all.map((unit) => plainEnv(unit, target)) }) : [];

  for (const path of theirs.units) parts.delete(partName({ kind: 'unit', name: path }));
  for (const path of theirs.files) parts.delete(partName({ kind: 'file', name: path }));
  for (const [name, digest] of inputDigests(fresh, target.layout, runtime))
    if (name.startsWith('unit ') || name.startsWith('file ')) parts.set(name, digest);
  const enabled = partName({ kind: 'enabled' });
  parts.set(enabled, digestIn({ enable: wanted }, enabled, asked));

  const uses = [
    ...probe.uses.filter(({ unit }) => !units.includes(unit)),
    ...(change === 'add' ? units.flatMap((unit) => usesOfInstance(unit, fresh, probe)) : []),
  ];
  const kept = record.files.filter(({ path }) => !theirs.files.has(path));
  const next = Math.max(-1, ...record.files.map(({ index }) => index)) + 1;
  const lines = [...kept.map(({ line }) => line), ...fresh.files.map((file, i) => fileLine(next + i, file))];
  const put = [
    ...variedFiles({ parts, uses, enable: launch.enable, wanted, start: launch.start, units: fresh.units }),
    ...variedFiles({ accounts: accountsOf(all, wanted), services: [...launch.files, ...fallback] }),
    { path: 'files.list', content: lines.map((line) => `${line}\n`).join(''), mode: 0o600 },
    ...fresh.files.map(({ content }, i) => ({ path: `files/${next + i}`, content, mode: 0o600 })),
    ...(set.most === null ? [] : [{ path: 'most', content: `${of} ${set.most}\n`, mode: 0o600 }]),
  ];
  const gone = [
    ...SERVICES,
    'most',
    ...record.units.flatMap(({ path }) => (theirs.units.has(path) ? [`units/${path}`] : [])),
    ...record.files.flatMap(({ path, index }) => (theirs.files.has(path) ? [`files/${index}`] : [])),
  ];
  return ok({
    ...{ parts, start: launch.start, uses, edit: { put, gone } },
    warnings: change === 'add' ? [...others.warnings, ...own.warnings] : [],
  });
}

/** Behind the last of the template, as in a list of names that got longer. */
function insert(wanted: readonly string[], units: readonly string[], of: string): readonly string[] {
  const last = wanted.findLastIndex((unit) => templateOf(unit) === of);
  return last === -1 ? [...wanted, ...units] : [...wanted.slice(0, last + 1), ...units, ...wanted.slice(last + 1)];
}

function overLimits(set: InstanceSet, wanted: readonly string[], units: readonly UnitFile[]): readonly string[] {
  const names = wanted.flatMap((unit) => (templateOf(unit) === set.of ? [instanceOf(unit) ?? ''] : []));
  const textAt = (path: string) => units.find((unit) => unit.path === path)?.text ?? '';
  return set.over(names.map((name) => ({ name, dropIn: textAt(set.dropIn(name)) })));
}

/** Those of its template, which no instance has less of, and what is its own. */
function usesOfInstance(unit: string, fresh: TaskPlan, { uses }: ProbeReply): readonly Use[] {
  const own = [
    ...fresh.units
      .filter(({ path }) => path.startsWith(`${unit}.d/`))
      .map(({ path }) => ({ kind: 'unit', name: path }) as const),
    ...fresh.files.filter((file) => file.of === unit).map(({ path }) => ({ kind: 'file', name: path }) as const),
  ];
  return [
    ...uses.filter((use) => use.unit === templateOf(unit)).map((use) => ({ ...use, unit })),
    ...own.map((part): Use => ({ unit, part: partName(part), how: 'restart' })),
  ];
}

/** Without systemd the service's own user reads the settings, where they always stand. */
const plainEnv = ({ path, text }: UnitFile, { layout }: HostTarget): UnitFile => ({
  path,
  text: text.replaceAll(`${stateFolder(layout, 0)}/env`, `${layout.root}/.env`),
});
