import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';

/** `fleet plan`; with `--exit-code` 5 says that changes are pending. */
export const plan = (
  { exitCode = false, ...flags }: HostFlags & { readonly exitCode?: boolean },
  context: CliContext,
) => onHosts({}, flags, context, ({ fleet, options }) => fleet.plan({ ...options, exitCode }));
