import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';

/** `only`: the one part that is deployed, on what is active. */
export type PartFlags = HostFlags & { readonly only?: 'env' };

/** `fleet deploy` */
export const deploy = ({ only, ...flags }: PartFlags, context: CliContext) =>
  onHosts({}, flags, context, ({ fleet, options }) =>
    fleet.deploy({ ...options, ...(only === undefined ? {} : { only }) }),
  );
