import { basename, isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { place } from '../../config/diagnostics/diagnostic.ts';
import type { Project } from '../../config/project.ts';
import { readCrontab, writeCrontab } from '../../local/crontab.ts';
import { projectFolder } from '../../local/state.ts';
import { installTimer, lingers, readUnit, removeTimer, timerPlace } from '../../local/timer.ts';
import { variablesOf } from '../../notify/fields.ts';
import { CRONTAB, crontabChange, TIMER } from '../../output/messages/monitor/crontab.ts';
import { confirm } from '../ask.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { cronLine, markOf, scheduleOf, withLine } from '../cron-line.ts';
import { openProject } from '../project.ts';
import { UsageError } from '../refusal.ts';
import { type Job, timerUnits } from '../timer-units.ts';
import { PACKAGE } from '../version.ts';

/** What cron does not pass on, and a run needs to find the same programs, hosts and state. */
const NEEDED = ['PATH', 'XDG_STATE_HOME', 'FLEET_SSH_CONFIG'] as const;

/** Debian's cron takes commands of up to 1000 characters. */
const LONGEST = 980;

type Flags = CommonFlags & { readonly every?: string; readonly timer?: boolean };

/** `fleet health --install-cron [--every 5m] [--timer]` @throws UsageError */
export async function installCron({ every = '5m', timer, ...flags }: Flags, context: CliContext): Promise<number> {
  const project = await openProject(flags, context);
  for (const [name, { spec, at }] of project.inventory.notifiers)
    for (const variable of new Set(variablesOf(spec))) context.stderr.write(CRONTAB.unset(variable, name, place(at)));
  if (timer === true) return changeTimer(project, unitsOf(project, every, context), flags, context);
  const line = lineOf(project, every, context);
  return change(project, line, flags, context);
}

/** `fleet health --uninstall-cron [--timer]` @throws UsageError */
export async function uninstallCron({ timer, ...flags }: Flags, context: CliContext): Promise<number> {
  const project = await openProject(flags, context);
  return timer === true ? changeTimer(project, null, flags, context) : change(project, null, flags, context);
}

/** What a run needs of the surroundings in which it is set up, and the program. */
function jobOf({ dir }: Project, every: string, { invoker: { env }, execPath }: CliContext): Job {
  const needed = NEEDED.flatMap((name) => {
    const value = name === 'PATH' ? absolute(env.PATH ?? '') : (env[name] ?? '');
    return value === '' ? [] : [[name, value]];
  });
  const program = fileURLToPath(new URL('dist/bin/fleet.js', PACKAGE));
  return { every, node: execPath, program, project: dir, env: Object.fromEntries(needed) };
}

function unitsOf(project: Project, every: string, context: CliContext) {
  const units = timerUnits(jobOf(project, every, context));
  if (units === null) throw new UsageError('systemd takes no path with a line break, and one of this has one');
  return units;
}

function lineOf(project: Project, every: string, context: CliContext): string {
  const schedule = scheduleOf(every);
  if (schedule === null)
    throw new UsageError(`cron cannot run every ${every}: say 1m, 2m, 5m, 10m, 15m, 30m, 1h, 6h, 24h or the like`);
  const job = jobOf(project, every, context);
  const line = cronLine({ schedule, ...job, mark: markFor(project.dir) });
  if (line !== null && line.length > LONGEST)
    throw new UsageError(
      `cron takes no more than ${LONGEST} characters, and this line has ${line.length}: run it with a shorter PATH`,
    );
  if (line !== null) return line;
  throw new UsageError(
    `cron takes no line with % in it; a path of this has one: ${[job.node, job.program, job.project, ...Object.values(job.env)].filter((text) => text.includes('%')).join(', ')}`,
  );
}

const markFor = (dir: string) => markOf(basename(projectFolder('', dir)));

/** A folder by its relative name would be another one under cron. */
const absolute = (path: string) => [...new Set(path.split(':').filter(isAbsolute))].join(':');

/** Shows what is to be, asks, and writes. A crontab that cannot be read stays as it is. */
async function change(
  { dir, invoker }: Project,
  line: string | null,
  { yes }: CommonFlags,
  context: CliContext,
): Promise<number> {
  const where = { env: invoker.env, cwd: dir };
  const read = async () => {
    const found = await readCrontab(where);
    if ('text' in found) return found.text;
    const byHand = line === null ? '' : `\nby hand it would be this line, with crontab -e:\n${line}`;
    throw new UsageError(`the crontab was left as it is: ${found.why}${byHand}`);
  };
  const wanted = (text: string) => withLine(text, markFor(dir), line);
  const before = await read();
  if (wanted(before) === before) {
    context.stdout.write(line === null ? CRONTAB.none : CRONTAB.there(line));
    return 0;
  }
  context.stdout.write(crontabChange(before, wanted(before)));
  const question = line === null ? 'Take this out of your crontab?' : 'Write this to your crontab?';
  if (yes !== true && !(await confirm(question, context)))
    throw new UsageError('nothing was changed; say --yes where there is no terminal to ask on');
  // Somebody may have edited it while the question stood.
  const now = await read();
  const why = await writeCrontab(wanted(now), where);
  if (why !== null) throw new UsageError(`the crontab was not changed: ${why}`);
  if ((await read()) !== wanted(now)) throw new UsageError('crontab has not kept what it was given; see crontab -l');
  context.stdout.write(line === null ? CRONTAB.taken : CRONTAB.written);
  return 0;
}

/** The same for a timer of systemd's, whose two units are all of it. */
async function changeTimer(
  { dir, invoker }: Project,
  units: { readonly service: string; readonly timer: string } | null,
  { yes }: CommonFlags,
  context: CliContext,
): Promise<number> {
  const place = timerPlace(invoker.env, invoker.home);
  const name = `fleet-health-${basename(projectFolder('', dir))}`;
  const kinds = ['service', 'timer'] as const;
  const before = await Promise.all(kinds.map((kind) => readUnit(place, `${name}.${kind}`)));
  const after = kinds.map((kind) => units?.[kind] ?? '');
  if (before.join() === after.join()) {
    context.stdout.write(units === null ? TIMER.none : TIMER.there(name));
    return 0;
  }
  for (const [i, kind] of kinds.entries())
    context.stdout.write(`${place.folder}/${name}.${kind}\n${crontabChange(before[i] ?? '', after[i] ?? '')}`);
  const question = units === null ? 'Stop this timer and take it away?' : 'Write this and start the timer?';
  if (yes !== true && !(await confirm(question, context)))
    throw new UsageError('nothing was changed; say --yes where there is no terminal to ask on');
  const why = units === null ? await removeTimer(place, name) : await installTimer(place, name, units);
  if (why !== null) throw new UsageError(units === null ? TIMER.mayRun(why) : TIMER.notStarted(why, place.folder));
  context.stdout.write(
    units === null ? TIMER.taken : TIMER.started(name, place.system, await lingers(place, invoker.user), invoker.user),
  );
  return 0;
}
