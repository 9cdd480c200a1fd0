import type { Answers } from '../../host/call.ts';
import type { ProbeReply } from '../../host/facts.ts';
import type { HostFacts, RuntimeName } from '../../model/facts.ts';
import type { Digest } from '../../model/ids.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import {
  type BeforeStep,
  type Change,
  EMPTY_TASK_PLAN,
  type Plan,
  type PlanView,
  type TaskPlan,
  type Use,
} from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import type { BoundTask } from '../../model/task.ts';
import { runtimeFor } from '../../runtime/choose.ts';
import type { RuntimeRecord } from '../../runtime/define.ts';
import { fallbackFiles } from '../../runtime/nohup/fallback.ts';
import type { SyncMethod } from '../../transport/transport.ts';
import { commandLine } from '../../util/command-line.ts';
import { stillByHand } from '../by-hand.ts';
import { wentBack } from '../checks/probation.ts';
import { unrecorded } from '../open.ts';
import { withKeptEnv } from './below-account.ts';
import { besides, secondCopy } from './beside.ts';
import { takeovers } from './namesakes.ts';
import { intrusions } from './neighbours.ts';
import { compareParts, digestOf, inputDigests, type Parts } from './parts.ts';
import { actionsOf } from './restarts.ts';
import { usesOf } from './uses.ts';

export type Planned<P extends Plan = Plan> = {
  readonly plan: P;
  readonly view: PlanView;
  readonly parts: Parts;
  readonly launch: RuntimeRecord;
  readonly uses: readonly Use[];
  /** Whether code comes once more because what lies on the host is not what was deployed. */
  readonly anew: boolean;
  /** How code goes: as one tar stream where a side lacks rsync, since that needs nothing but tar on the host. */
  readonly method: SyncMethod;
};

/**
 * Pure: what is desired and what was observed in, what to do out. Nothing is predicted, nothing is read.
 * @param localRsync whether rsync is installed on this machine
 */
export function planHost(
  target: HostTarget,
  tasks: readonly BoundTask[],
  probe: ProbeReply,
  answers: Answers,
  localRsync: boolean,
): Result<Planned> {
  const facts = probe.facts;
  if (probe.elsewhere !== null) return fail({ kind: 'unsupported', needs: moved(target.layout.app, probe.elsewhere) });
  const lost = unrecorded(probe, target.layout);
  if (lost !== null) return fail(lost);
  const chosen = runtimeFor(target.runtime, facts);
  if (!chosen.ok) return chosen;
  const runtime = chosen.value.name;
  const { connection, uploadUser } = target;
  const logins = [connection.user, ...(uploadUser === null ? [] : [uploadUser])];
  const context = { host: facts, layout: target.layout, runtime, logins };
  const merged = merge(tasks.map((task) => task.plan(answerTo(task, answers), context)));
  const { below } = facts;
  const safe = below === null || runtime !== 'systemd' ? null : withKeptEnv(merged.units, target.layout, below);
  const wanted = safe === null ? merged : { ...merged, ...safe, warnings: [...merged.warnings, ...safe.warnings] };
  const input = { units: wanted.units, enable: wanted.enable, layout: target.layout, host: facts };
  const own = chosen.value.record(input);
  // Without systemd the service's own user reads the settings, where they always stand.
  const fallback = { ...input, units: merged.units };
  const launch = runtime === 'systemd' ? { ...own, files: [...own.files, ...fallbackFiles(fallback)] } : own;
  const others = intrusions(target.layout, wanted, runtime, probe.neighbours);
  if (others.refused.length > 0) return fail({ kind: 'taken', taken: others.refused });
  const host = takeovers(target.layout, wanted.units, runtime, probe);
  if (host.refused.length > 0) return fail({ kind: 'occupied', occupied: host.refused });
  const beside = besides(target.layout.root, wanted, runtime, probe);
  const copies = facts.active === 0 ? secondCopy(beside, target.layout, facts) : null;
  if (copies !== null) return fail(copies);
  const missing = [...wanted.unsupported, ...launch.unsupported];
  if (missing.length > 0) return fail({ kind: 'unsupported', needs: missing.join('; ') });
  const [refused] = wanted.refused;
  if (refused !== undefined) return fail(refused);

  const parts = inputDigests(wanted, target.layout, runtime);
  const plan = decide(wanted, digestOf(parts), runtime, probe);
  const method = localRsync && facts.tools.has('rsync') ? 'rsync' : 'tar';
  const always = target.policy.restart === 'always';
  const restart = always ? wanted.units.map(({ path: unit }) => ({ unit, how: 'always' as const })) : wanted.restart;
  const uses = usesOf({ ...wanted, restart }, launch.start, target.layout);
  const view: PlanView = {
    to: plan.to,
    base: facts.active,
    runtime,
    changes: changes(plan, compareParts(probe.parts, parts), facts.altered),
    units: actionsOf(plan, { start: launch.start, uses, parts }, probe),
    replaces: plan.to === 'advance' ? host.replaced : [],
    returns: plan.to === 'advance' ? host.returning : [],
    byHand: stillByHand(probe),
    beside,
    logins: wanted.logins,
    warnings: [
      ...(probe.probation?.state === 'back' ? [wentBack(probe.probation)] : []),
      ...facts.found.map((what) => `found ${what}; it is kept as it is, or kept aside until a full rollback`),
      ...facts.externalDropIns.map(
        ({ unit, path }) =>
          `${path} changes ${unit} and is not from fleet; where that is not meant, remove it there and run \`systemctl daemon-reload\``,
      ),
      ...(plan.to === 'advance' ? plan.before.map((step) => lasting(step, target, facts)) : []),
      ...others.warnings,
      ...wanted.warnings,
      ...launch.warnings,
      ...(sendsCode(plan) && method === 'tar' ? [asTar(localRsync)] : []),
    ],
  };
  return ok({ plan, view, parts, launch, uses, anew: facts.altered.length > 0, method });
}

/** Whether carrying out a plan sends code at all. */
export const sendsCode = (plan: Plan): boolean =>
  plan.to === 'advance' && plan.stage.some((step) => step.do === 'sync');

const asTar = (localRsync: boolean) =>
  `${localRsync ? 'the host has no rsync' : 'there is no rsync on this machine'}: files that have changed are sent whole, as a tar stream`;

export function answerTo({ name, probe }: BoundTask, answers: Answers): string {
  const answer = probe === null ? '' : answers.get(name);
  if (answer === undefined) throw new Error(`the probe has not asked for ${name}`);
  return answer;
}

const lasting = ({ argv, timeoutMs }: BeforeStep, { layout }: HostTarget, { user }: HostFacts) =>
  `before the start runs as ${layout.user ?? user}, for at most ${timeoutMs / 1000} s: ${commandLine(argv)}. What it does to ` +
  'data is not undone, also when the deploy goes back';

export const moved = (app: string, root: string) =>
  `${app} to be gone from ${root}, where it is active: its services and data would stay there. With root: ${root} take ` +
  'it away (`fleet rollback --full --keep-data`), move the data, and deploy again';

function decide(wanted: TaskPlan, digest: Digest, runtime: RuntimeName, probe: ProbeReply): Plan {
  const { facts } = probe;
  const active = facts.generations.find((generation) => generation.id === facts.active);
  if (active !== undefined && active.digest === digest && active.verdict === 'good') {
    if (facts.altered.length > 0) return advance(wanted, digest, runtime, probe);
    if (facts.drift.length === 0 && wanted.prepare.length === 0) return { to: 'nothing', generation: active.id };
    return { to: 'repair', generation: active.id, drift: facts.drift, prepare: wanted.prepare };
  }
  return advance(wanted, digest, runtime, probe);
}

function advance(wanted: TaskPlan, digest: Digest, runtime: RuntimeName, { facts }: ProbeReply): Plan {
  const { prepare, stage, before, units, enable, files, env, exposure } = wanted;
  const parts = { prepare, stage, before, units, enable, files, env, exposure };
  return { to: 'advance', base: facts.active, digest, runtime, ...parts };
}

function changes(plan: Plan, differences: readonly Change[], altered: readonly string[]): readonly Change[] {
  if (plan.to === 'nothing') return [];
  const prepare = plan.prepare.map(({ title }): Change => ({ sign: '+', step: title }));
  const drift = plan.to === 'repair' ? plan.drift.map((one): Change => ({ sign: '!', drift: one })) : [];
  // A release is never put right: its code comes anew, as a generation of its own.
  const code = altered.map((path): Change => ({ sign: '!', drift: { kind: 'altered', path } }));
  return [...prepare, ...(plan.to === 'advance' ? [...differences, ...code] : []), ...drift];
}

function merge(plans: readonly TaskPlan[]): TaskPlan {
  return plans.reduce<TaskPlan>(
    (all, one) => ({
      prepare: [...all.prepare, ...one.prepare],
      stage: [...all.stage, ...one.stage],
      before: [...all.before, ...one.before],
      units: [...all.units, ...one.units],
      enable: [...all.enable, ...one.enable],
      files: [...all.files, ...one.files],
      env: one.env ?? all.env,
      exposure: [...all.exposure, ...one.exposure],
      restart: [...all.restart, ...one.restart],
      logins: [...all.logins, ...one.logins],
      warnings: [...all.warnings, ...one.warnings],
      unsupported: [...all.unsupported, ...one.unsupported],
      refused: [...all.refused, ...one.refused],
    }),
    EMPTY_TASK_PLAN,
  );
}
