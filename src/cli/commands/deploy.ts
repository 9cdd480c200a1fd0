import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';

/** `fleet deploy` */
export const deploy = (flags: HostFlags, context: CliContext) =>
  onHosts({}, flags, context, ({ fleet, options }) => fleet.deploy(options));
