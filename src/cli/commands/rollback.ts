import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

type RollbackFlags = HostFlags & {
  readonly to?: number;
  readonly full?: boolean;
  readonly keepData?: boolean;
  readonly nohup?: boolean;
};

/** `fleet rollback` @throws Refusal */
export async function rollback(
  { to, full = false, keepData = false, nohup = false, ...flags }: RollbackFlags,
  context: CliContext,
): Promise<number> {
  if ([to !== undefined, full, nohup].filter(Boolean).length > 1)
    throw new UsageError('--to, --full and --nohup exclude each other; nothing was contacted');
  const goal = nohup ? 'nohup' : full ? 'nothing' : (to ?? 'previous');
  return onHosts({}, flags, context, ({ fleet, options }) => fleet.rollback({ ...options, to: goal, keepData }));
}
