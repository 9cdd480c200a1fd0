import { previewHost } from '../engine/preview.ts';
import type { HostOutcome } from '../model/outcome.ts';
import type { ExitCode } from './exit-code.ts';
import { runFleetCommand } from './fleet-command.ts';
import type { HostFlags, World } from './world.ts';

/** `fleet plan`; with `--exit-code` 5 says that changes are pending. */
export async function plan(flags: HostFlags & { readonly exitCode?: boolean }, world: World): Promise<ExitCode> {
  const ends: HostOutcome[] = [];
  const work: typeof previewHost = async (target, run) => {
    const outcome = await previewHost(target, run);
    ends.push(outcome);
    return outcome;
  };
  const code = await runFleetCommand({ name: 'plan', verb: 'Plan', kind: 'reads', inputs: 'read', work }, flags, world);
  const pending = ends.some((outcome) => outcome.end === 'planned' && outcome.pending);
  return code === 0 && flags.exitCode && pending ? 5 : code;
}
