import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';

/** `fleet doctor` @param names hosts, as by --host @throws Refusal */
export const doctor = (
  names: readonly string[],
  { fix = false, ...flags }: HostFlags & { readonly fix?: boolean },
  context: CliContext,
): Promise<number> =>
  onHosts({ reads: true }, { ...flags, host: [...flags.host, ...names] }, context, ({ fleet, options }) =>
    fleet.doctor({ ...options, fix }),
  );
