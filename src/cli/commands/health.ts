import { resolve } from 'node:path';
import { hostsOf } from '../../config/select.ts';
import { readLocalText } from '../../local/file.ts';
import { replaceable, replaceFile } from '../../local/replace.ts';
import { ok } from '../../model/outcome.ts';
import type { Format } from '../../output/formats/index.ts';
import { nagios } from '../../output/formats/nagios.ts';
import { prometheus } from '../../output/formats/prometheus.ts';
import { list } from '../../util/count.ts';
import { clean, cleanAll } from '../../util/sanitize.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { endOf, type Look, onHosts, type Session } from '../fleet-command.ts';
import { inWords } from '../json.ts';
import { UsageError } from '../refusal.ts';
import { type CronFlags, healthCron } from './cron.ts';
import { installCron, uninstallCron } from './install-cron.ts';
import { explainProblem } from './quiet.ts';
import { trend } from './trend.ts';

type HealthFlags = CronFlags & {
  readonly format?: 'table' | 'json' | 'nagios' | 'prometheus';
  readonly cron?: boolean;
  readonly explain?: string;
  readonly trend?: boolean;
  readonly installCron?: boolean;
  readonly uninstallCron?: boolean;
  readonly timer?: boolean;
  readonly output?: string;
};

const READS: Look = { reads: true };

/** `fleet health`: read-only, takes no lock. @throws UsageError */
export function health(
  {
    format = 'table',
    output,
    cron,
    explain,
    trend: trends,
    installCron: install,
    uninstallCron: takeOut,
    ...flags
  }: HealthFlags,
  context: CliContext,
): Promise<number> {
  const modes = { cron, explain, trend: trends, 'install-cron': install, 'uninstall-cron': takeOut };
  const asked = Object.entries(modes).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`]));
  if (asked.length > 1) throw new UsageError(`${list(asked)} are different things: say one of them`);
  if (output !== undefined && format !== 'prometheus')
    throw new UsageError('--output is for --format prometheus; the other formats go to standard output');
  if (cron === true && (format !== 'table' || flags.json === true))
    throw new UsageError('--cron says nothing, or what is new, in words: leave --format and --json out');
  if (cron !== true && flags.exitZero === true) throw new UsageError('--exit-zero belongs to --cron');
  if (cron !== true && install !== true && flags.every !== undefined)
    throw new UsageError('--every belongs to --cron and --install-cron');
  if ((install ?? takeOut) !== true && flags.timer === true)
    throw new UsageError('--timer belongs to --install-cron and --uninstall-cron');
  if (explain !== undefined) return explainProblem(explain, flags, context);
  if (trends === true) return trend(format === 'json' ? { ...flags, json: true } : flags, context);
  if ((install ?? takeOut) === true && [...flags.host, ...flags.group, ...flags.app].length > 0)
    throw new UsageError('the line is for all hosts of the project: leave --host, --group and --app out');
  if (install === true) return inWords('health', flags, context, (words) => installCron(flags, words));
  if (takeOut === true) return inWords('health', flags, context, (words) => uninstallCron(flags, words));
  if (cron === true) return healthCron(flags, context);
  if (format === 'nagios') return plugin(flags, context);
  if (output !== undefined) return toFile(output, flags, context);
  const metrics: Format = (summary) => prometheus(summary, Date.now());
  const written = format === 'prometheus' ? { format: metrics } : {};
  const json = format === 'json' ? { json: true } : {};
  return onHosts({ ...READS, ...written }, { ...flags, ...json }, context, look);
}

const look = ({ fleet, options }: Session) => fleet.health(options);

/** Ends as plugins do: 0, 1, 2 or 3. */
async function plugin(flags: HostFlags, context: CliContext): Promise<number> {
  const format: Format = (summary) => `${nagios(summary).text}\n`;
  return nagios(await endOf({ ...READS, format }, flags, context, look)).code;
}

const READABLE = 0o644;
const MOST = 64 * 1024 * 1024;

/** Into a file that a collector reads; what was not seen this time stays in it as it was. */
async function toFile(output: string, flags: HostFlags, context: CliContext): Promise<number> {
  const refused = (error: unknown) => `${output} cannot be written: ${(error as Error).message}`;
  const file = await replaceable(resolve(context.invoker.cwd, output)).catch((error) => {
    throw new UsageError(`${refused(error)}\nno host was contacted`);
  });
  const { seen, project } = await endOf({ ...READS, format: () => '' }, flags, context, async (session) => {
    const ended = await look(session);
    return ended.ok ? ok({ seen: ended.value, project: session.world.project }) : ended;
  });
  const { inventory, playbooks } = project;
  const pairs = new Set(
    playbooks.flatMap((playbook) => hostsOf(inventory, playbook).map(({ name }) => `${name}\0${playbook.name}`)),
  );
  try {
    const text = await readLocalText(file, MOST).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const before = { text, has: (host: string, app: string) => pairs.has(`${host}\0${app}`) };
    const summary = cleanAll(seen);
    await replaceFile(file, prometheus(summary, Date.now(), before), READABLE);
    return seen.exitCode;
  } catch (error) {
    context.stderr.write(`${clean(refused(error))}\n`);
    return seen.exitCode === 0 ? 1 : seen.exitCode;
  }
}
