import type { BoundCheck } from '../../model/check.ts';
import type { DeployPolicy } from '../../model/target.ts';

/** Health checks that take no release back behind its commit, since its host cannot ask them alone; to be told by `fleet check`. */
export function unwatchedChecks(checks: readonly BoundCheck[], { watch }: DeployPolicy): readonly string[] {
  if (watch === null) return [];
  const left = checks.filter(({ alone, written }) => alone === undefined && !isOfUnits(written));
  if (left.length === 0) return [];
  return [
    `deploy.watch looks at the services and at ${checks.filter(({ alone }) => alone !== undefined).length} of the health checks; the host cannot ask these alone: ${left.map(({ label }) => label).join('; ')}`,
  ];
}

/** Services are watched without a check of them. */
const isOfUnits = (written: string): boolean => 'unit' in JSON.parse(written);
