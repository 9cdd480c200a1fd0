import type { ProbeReply } from '../host/facts.ts';
import type { RuntimeName } from '../model/facts.ts';
import type { Digest } from '../model/ids.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import { EMPTY_TASK_PLAN, type Plan, type PlanView, type TaskPlan } from '../model/plan.ts';
import type { HostTarget } from '../model/target.ts';
import type { BoundTask } from '../model/task.ts';
import { runtimeFor } from '../runtime/choose.ts';
import type { RuntimeRecord } from '../runtime/define.ts';
import { fallbackFiles } from '../runtime/fallback.ts';
import { compareParts, digestOf, type Parts, partsOf } from './parts.ts';

export type Planned = {
  readonly plan: Plan;
  readonly view: PlanView;
  readonly parts: Parts;
  readonly launch: RuntimeRecord;
};

/** Pure: what is desired and what was observed in, what to do out. Nothing is predicted, nothing is read. */
export function planHost(
  target: HostTarget,
  tasks: readonly BoundTask[],
  probe: ProbeReply,
  fragments: readonly string[],
): Result<Planned> {
  const facts = probe.facts;
  if (probe.elsewhere !== null) return fail({ kind: 'unsupported', needs: moved(target.layout.app, probe.elsewhere) });
  const chosen = runtimeFor(target.runtime, facts);
  if (!chosen.ok) return chosen;
  const runtime = chosen.value.name;
  const context = { host: facts, layout: target.layout, runtime };
  const wanted = merge(tasks.map((task, i) => task.plan(fragments[i] ?? '', context)));
  const input = { units: wanted.units, enable: wanted.enable, layout: target.layout, host: facts };
  const own = chosen.value.record(input);
  const launch = runtime === 'systemd' ? { ...own, files: [...own.files, ...fallbackFiles(input)] } : own;
  const missing = [...wanted.unsupported, ...launch.unsupported];
  if (missing.length > 0) return fail({ kind: 'unsupported', needs: missing.join('; ') });

  const parts = partsOf(wanted, target.layout, runtime);
  const plan = decide(wanted, digestOf(parts), runtime, probe);
  const view: PlanView = {
    to: plan.to,
    base: facts.active,
    runtime,
    changes: changes(plan, compareParts(probe.parts, parts)),
    warnings: [
      ...facts.found.map((what) => `found ${what}; it is kept as it is, or kept aside until a full rollback`),
      ...facts.foreign.map(
        ({ unit, path }) =>
          `${path} changes ${unit} and is not from fleet; where that is not meant, remove it there and run \`systemctl daemon-reload\``,
      ),
      ...wanted.warnings,
      ...launch.warnings,
    ],
  };
  return ok({ plan, view, parts, launch });
}

const moved = (app: string, root: string) =>
  `${app} to be gone from ${root}, where it is active: its services and data would stay there. With root: ${root} take ` +
  'it away (`fleet rollback --full --keep-data`), move the data, and deploy again';

function decide(wanted: TaskPlan, digest: Digest, runtime: RuntimeName, probe: ProbeReply): Plan {
  const { facts } = probe;
  const active = facts.generations.find((generation) => generation.id === facts.active);
  if (active !== undefined && active.digest === digest && active.verdict === 'good') {
    if (facts.drift.length === 0 && wanted.prepare.length === 0) return { to: 'nothing', generation: active.id };
    return { to: 'reactivate', generation: active.id, drift: facts.drift, prepare: wanted.prepare };
  }
  const { prepare, stage, units, enable, files, env, exposure } = wanted;
  return { to: 'advance', base: facts.active, digest, runtime, prepare, stage, units, enable, files, env, exposure };
}

function changes(plan: Plan, differences: PlanView['changes']): PlanView['changes'] {
  if (plan.to === 'nothing') return [];
  const prepare = plan.prepare.map((step) => ({ sign: '+' as const, text: step.title }));
  const drift = plan.to === 'reactivate' ? plan.drift.map((text) => ({ sign: '!' as const, text })) : [];
  return [...prepare, ...(plan.to === 'advance' ? differences : []), ...drift];
}

function merge(plans: readonly TaskPlan[]): TaskPlan {
  return plans.reduce<TaskPlan>(
    (all, one) => ({
      prepare: [...all.prepare, ...one.prepare],
      stage: [...all.stage, ...one.stage],
      units: [...all.units, ...one.units],
      enable: [...all.enable, ...one.enable],
      files: [...all.files, ...one.files],
      env: one.env ?? all.env,
      exposure: [...all.exposure, ...one.exposure],
      warnings: [...all.warnings, ...one.warnings],
      unsupported: [...all.unsupported, ...one.unsupported],
    }),
    EMPTY_TASK_PLAN,
  );
}
