import { previewHost } from '../engine/commands/plan.ts';
import type { ExitCode } from './exit-code.ts';
import { runFleetCommand } from './fleet-command.ts';
import type { HostFlags, World } from './world.ts';

/** `fleet plan`; with `--exit-code` 5 says that changes are pending. */
export function plan(flags: HostFlags & { readonly exitCode?: boolean }, world: World): Promise<ExitCode> {
  const tellsPending = flags.exitCode === true;
  return runFleetCommand(
    { name: 'plan', verb: 'Plan', kind: 'reads', inputs: 'read', tellsPending, work: previewHost },
    flags,
    world,
  );
}
