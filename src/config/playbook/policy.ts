import type { DeployPolicy } from '../../model/target.ts';
import type { DeploySpec } from './deploy-schema.ts';

/** @param hosts how many hosts of the app are selected, which a batch in percent is a share of; rounded up */
export function deployPolicy(spec: DeploySpec, hosts: number): DeployPolicy {
  const { batch } = spec;
  return {
    batch: typeof batch === 'number' ? batch : Math.max(1, Math.ceil((hosts * Number.parseInt(batch, 10)) / 100)),
    canary: spec.canary,
    onFailure: spec.onFailure,
    settleMs: spec.settle,
    deadlineMs: spec.deadline,
    confirm: spec.confirm,
  };
}
