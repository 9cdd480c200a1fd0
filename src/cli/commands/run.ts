import { runCommandOn } from '../../engine/commands/run.ts';
import { milliseconds } from '../../util/duration.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { openFleet } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

type RunFlags = HostFlags & { readonly as?: string; readonly shell?: boolean; readonly timeout: string };

/**
 * `fleet run`: a command on every selected host, side by side. It ends with the worst exit status of the command, where
 * every host could be asked. @throws UsageError
 */
export async function run(argv: readonly string[], flags: RunFlags, context: CliContext): Promise<number> {
  const timeoutMs = milliseconds(flags.timeout);
  if (timeoutMs === 0) throw new UsageError('--timeout must be a duration such as 30s or 10m, at most 24h');
  if (flags.as !== undefined && !/^[A-Za-z_][\w.-]*\$?$/.test(flags.as))
    throw new UsageError(`--as must be the name of an account, not ${JSON.stringify(flags.as)}`);
  const command = { argv, shell: flags.shell === true, as: flags.as ?? null, timeoutMs };
  const fleet = await openFleet(
    {
      ...{ name: 'run', verb: 'Run it on', kind: 'changes', inputs: 'skip', pace: 'at once' },
      ...{ perHost: true, lines: true },
    },
    flags,
    context,
  );
  const results = await fleet.run((_target, host) => runCommandOn(command, host));
  const statuses = results.flatMap(({ outcome }) =>
    outcome.end === 'done' && outcome.work.kind === 'command' ? [outcome.work.code] : [],
  );
  return fleet.finish(results, (usual) => (usual === 1 ? Math.max(1, ...statuses) : usual));
}
