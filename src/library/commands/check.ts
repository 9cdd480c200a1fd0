import type { Project } from '../../config/project.ts';
import { resolveTargets } from '../../config/resolve.ts';
import { sharedMachines } from '../../config/rules/same-machine.ts';
import { EVERYTHING } from '../../config/select.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import { type Refusal, refused } from '../refusal.ts';

/** A project in which nothing is wrong. */
export type Checked = {
  readonly hosts: readonly { readonly host: string; readonly app: string }[];
  readonly warnings: readonly string[];
  readonly hints: readonly string[];
};

/** Everything that can be known offline, for every app on every host. */
export async function check(project: Project): Promise<Result<Checked, Refusal>> {
  const resolved = await resolveTargets(project, EVERYTHING);
  if (!resolved.ok) return fail(refused(resolved.failure));
  const { targets, warnings, hints } = resolved.value;
  return ok({
    hosts: targets.map(({ host, app }) => ({ host, app })),
    warnings: [...warnings, ...(await sharedMachines(project))],
    hints,
  });
}
