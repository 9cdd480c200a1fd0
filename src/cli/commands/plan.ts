import { previewHost } from '../../engine/commands/plan.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { runFleetCommand } from '../fleet-command.ts';

/** `fleet plan`; with `--exit-code` 5 says that changes are pending. */
export function plan(flags: HostFlags & { readonly exitCode?: boolean }, context: CliContext): Promise<number> {
  const reportsPending = flags.exitCode === true;
  return runFleetCommand(
    { name: 'plan', verb: 'Plan', kind: 'reads', inputs: 'read', reportsPending, work: previewHost },
    flags,
    context,
  );
}
