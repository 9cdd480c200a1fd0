import { selectPairs } from '../../config/select.ts';
import { stateOf } from '../../library/store.ts';
import { limitIn, slopeOf } from '../../monitor/trend.ts';
import { type TrendRow, trendTable } from '../../output/tables/trend.ts';
import { cleanAll } from '../../util/sanitize.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { openProject } from '../project.ts';
import { refused } from '../refusal.ts';

const HOUR = 3_600_000;

/** `fleet health --trend`: what `--cron` has remembered of memory and disks. No host is contacted. @throws UsageError */
export async function trend(flags: Omit<HostFlags, 'parallel'>, context: CliContext): Promise<number> {
  const project = await openProject(flags, context);
  const { trends } = await stateOf(project);
  const selection = { hosts: flags.host, groups: flags.group, apps: flags.app, all: flags.all === true };
  const pairs = selectPairs(project.inventory, project.playbooks, selection);
  if (!pairs.ok) throw refused(pairs.failure);
  const places = pairs.value.map(({ host, playbook }) => ({ host: host.name as string, app: playbook.name }));
  const rows = Object.values(trends)
    .filter((one) => places.some(({ host, app }) => one.host === host && (one.app ?? app) === app))
    .map(({ limit, ...one }): TrendRow & { readonly limit: number | null } => {
      const slope = slopeOf(one.points);
      return {
        ...one,
        limit,
        perHour: slope === null ? null : slope.perMs * HOUR,
        limitIn: limitIn({ ...one, limit }),
      };
    });
  if (flags.json === true)
    for (const row of rows) context.stdout.write(`${JSON.stringify({ type: 'trend', ...row })}\n`);
  else context.stdout.write(trendTable(cleanAll(rows), context.stdout.columns ?? 120));
  return 0;
}
