import type { MonitorOptions } from '../../library/commands/monitor.ts';
import { sinkTo } from '../../output/text/sink.ts';
import { milliseconds } from '../../util/duration.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';

export type CronFlags = HostFlags & { readonly every?: string; readonly exitZero?: boolean };

/** `fleet health --cron`: standard output is the channel of last resort, and empty where nothing is due. @throws Refusal */
export async function healthCron(
  { every, exitZero = false, ...flags }: CronFlags,
  context: CliContext,
  given: Pick<MonitorOptions, 'channels' | 'patience'> = {},
): Promise<number> {
  const print = async (text: string) => {
    const sink = sinkTo(context.stdout);
    sink.write(text);
    await sink.flush();
  };
  const code = await onHosts({ silent: true }, flags, context, ({ fleet, options }) =>
    fleet.monitor({
      ...{ ...options, ...given, print },
      ...(every === undefined ? {} : { everyMs: milliseconds(every) }),
    }),
  );
  return exitZero ? 0 : code;
}
