import type { CliContext } from '../context.ts';
import { onHosts } from '../fleet-command.ts';
import type { PartFlags } from './deploy.ts';

/** `fleet plan`; with `--exit-code` 5 says that changes are pending. */
export const plan = (
  { exitCode = false, only, ...flags }: PartFlags & { readonly exitCode?: boolean },
  context: CliContext,
) =>
  onHosts({}, flags, context, ({ fleet, options }) =>
    fleet.plan({ ...options, exitCode, ...(only === undefined ? {} : { only }) }),
  );
