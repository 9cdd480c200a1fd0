import { healthHost } from '../../engine/commands/health.ts';
import { nagios, unknown } from '../../output/formats/nagios.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { type FleetCommand, openFleet, runFleetCommand } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';
import { type CronFlags, healthCron } from './cron.ts';
import { explainProblem } from './quiet.ts';

type HealthFlags = CronFlags & {
  readonly format?: 'table' | 'json' | 'nagios' | 'prometheus';
  readonly cron?: boolean;
  readonly explain?: string;
};

const HEALTH: FleetCommand = { name: 'health', verb: 'Check', kind: 'reads', inputs: 'skip' };

/** `fleet health`: read-only, takes no lock. @throws UsageError */
export function health(
  { format = 'table', cron, explain, ...flags }: HealthFlags,
  context: CliContext,
): Promise<number> {
  if (cron === true && (format !== 'table' || flags.json === true))
    throw new UsageError('--cron says nothing, or what is new, in words: leave --format and --json out');
  if (cron !== true && (flags.every !== undefined || flags.exitZero === true))
    throw new UsageError('--every and --exit-zero belong to --cron');
  if (explain !== undefined) return explainProblem(explain, flags, context);
  if (cron === true) return healthCron(flags, context);
  if (format === 'nagios') return plugin(flags, context);
  const command = { ...HEALTH, work: healthHost, ...(format === 'prometheus' ? { format } : {}) };
  return runFleetCommand(command, format === 'json' ? { ...flags, json: true } : flags, context);
}

/** Ends as plugins do: 0, 1, 2 or 3. Whoever calls one reads the first line of its output, also where nothing was asked. */
async function plugin(flags: HostFlags, context: CliContext): Promise<number> {
  try {
    const fleet = await openFleet({ ...HEALTH, format: 'nagios' }, flags, context);
    const hosts = await fleet.run(healthHost);
    const exitCode = await fleet.finish(hosts);
    return nagios({ command: HEALTH.name, exitCode, hosts }).code;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const { text, code } = unknown(error.message);
    context.stdout.write(`${text}\n`);
    return code;
  }
}
