import { milliseconds } from '../../util/duration.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

type RunFlags = HostFlags & { readonly as?: string; readonly shell?: boolean; readonly timeout: string };

/** `fleet run` @throws Refusal */
export async function run(
  argv: readonly string[],
  { as, shell = false, timeout, ...flags }: RunFlags,
  context: CliContext,
): Promise<number> {
  const timeoutMs = milliseconds(timeout);
  if (timeoutMs === 0) throw new UsageError('--timeout must be a duration such as 30s or 10m, at most 24h');
  return onHosts({ lines: true }, flags, context, ({ fleet, options }) =>
    fleet.run(argv, { ...options, shell, timeoutMs, ...(as === undefined ? {} : { as }) }),
  );
}
