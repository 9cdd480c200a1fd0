import { fleetOf } from '../../library/fleet.ts';
import { trendTable } from '../../output/tables/trend.ts';
import { cleanAll } from '../../util/sanitize.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { endLine, printJson } from '../json.ts';
import { openHere } from '../project.ts';

/** `fleet health --trend`: what `--cron` has remembered of memory and disks. No host is contacted. @throws Refusal */
export async function trend(flags: Omit<HostFlags, 'parallel'>, context: CliContext): Promise<number> {
  const where = { hosts: flags.host, groups: flags.group, apps: flags.app, all: flags.all === true };
  const found = await fleetOf(await openHere(flags, context)).trends(where);
  if (!found.ok) throw found.failure;
  if (flags.json === true) {
    for (const row of found.value) printJson(context, { type: 'trend', ...row, v: 1 });
    printJson(context, endLine('health', 0));
  } else context.stdout.write(trendTable(cleanAll(found.value), context.stdout.columns ?? 120));
  return 0;
}
