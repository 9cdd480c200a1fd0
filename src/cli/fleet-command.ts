import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Inputs } from '../config/bind.ts';
import type { Project } from '../config/project.ts';
import { resolveTargets } from '../config/resolve.ts';
import { type FleetRun, lookAtHosts, runFleet } from '../engine/fleet/fleet.ts';
import type { HostRun, Share } from '../engine/run.ts';
import type { FleetEvent, Summary } from '../model/events.ts';
import type { HostOutcome } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import type { Format } from '../output/formats/index.ts';
import { createReporter, type ReporterOptions } from '../output/reporter.ts';
import { clean } from '../util/sanitize.ts';
import { confirm, turns } from './ask.ts';
import { keepGenerations } from './complete/names.ts';
import { connections } from './connections.ts';
import type { CliContext, HostFlags } from './context.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { openLog } from './log-file.ts';
import { announce } from './notifiers.ts';
import { openProject } from './project.ts';
import { refused, UsageError } from './refusal.ts';

/** A command that works on hosts, as `openFleet` sets it up. */
export type FleetCommand = {
  readonly name: string;
  /** What a person is asked to agree to when no host was named. */
  readonly verb: string;
  readonly kind: FleetRun['kind'];
  readonly inputs: Inputs;
  /** How hosts are gone through where the batches of a playbook do not count. */
  readonly pace?: 'at once' | 'one by one';
  /** Whether all that the command is for is a report at the end. */
  readonly reads?: boolean;
  /** Whether each host counts once, whatever apps it has. */
  readonly perHost?: boolean;
  /** Whether what the command prints on the hosts is all that is told. */
  readonly lines?: boolean;
  /** Whether changes that a plan found are worth an exit code. */
  readonly reportsPending?: boolean;
  /** How the end is written; `auto` unless told. */
  readonly format?: Format;
  /** Whether nothing is said of the run but what the command itself says. */
  readonly silent?: boolean;
  /** How often a connection that fails early is tried again; 2 unless told. */
  readonly retries?: number;
  /** Milliseconds after which no host is begun any more and all are let go. */
  readonly limitMs?: number;
};

/** A log has everything, whatever the screen shows. */
const LOGGED = { verbose: true, quiet: false, stamped: true } as const;

type Work = (target: HostTarget, run: HostRun) => Promise<HostOutcome>;
type HostWork = (shares: readonly Share[]) => Promise<readonly HostOutcome[]>;
type Results = Summary['hosts'];

/** The selected hosts and the means to work on them. */
export type Fleet = {
  readonly project: Project;
  readonly targets: readonly HostTarget[];
  /** Works on every target and shows it. */
  run(work: Work): Promise<Results>;
  /** Looks at every target before anything is shown as begun; nothing of it is shown. */
  look(work: Work): Promise<Results>;
  /** Looks at all apps of each host at once. @param quietly nothing of it is shown */
  lookAtHosts(work: HostWork, quietly?: 'quietly'): Promise<Results>;
  /** Shows an event that no host run made. */
  report(event: FleetEvent): void;
  /** Ends the run: the summary, and the process's exit code. @param own what the command makes of the usual one */
  finish(results: Results, own?: (code: ExitCode) => number): Promise<number>;
};

/** Resolves the selection and asks where it has to. @throws UsageError */
export async function openFleet(command: FleetCommand, flags: HostFlags, context: CliContext): Promise<Fleet> {
  const project = await openProject(flags, context);
  // A plan foretells what a deploy would refuse.
  const ordered = command.kind === 'changes' || command.inputs === 'read';
  const selection = {
    ...{ hosts: flags.host, groups: flags.group, apps: flags.app, all: flags.all === true },
    ...(flags.shard === undefined ? {} : { shard: { ...flags.shard, ordered } }),
  };
  const overrides = {
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.identity === undefined ? {} : { identityFile: [flags.identity] }),
  };
  const resolved = await resolveTargets(project, selection, overrides, command.inputs);
  if (!resolved.ok) throw refused(resolved.failure);
  const { warnings } = resolved.value;
  const targets = command.perHost === true ? onePerHost(resolved.value.targets) : resolved.value.targets;
  const log = openLog(flags, command.name, context);
  context.begin();
  if (!flags.quiet && command.silent !== true)
    for (const warning of warnings) context.stderr.write(`warning: ${warning}\n`);
  await agree(command, targets, flags, context);

  const shown: ReporterOptions = {
    mode: flags.json ? 'json' : (command.format ?? 'auto'),
    verbose: flags.verbose === true,
    quiet: flags.quiet === true || command.silent === true,
    reads: command.reads === true,
    lines: command.lines === true,
    stdout: context.stdout,
    stderr: context.stderr,
    isTTY: context.stdout.isTTY === true,
    size: () => ({ columns: context.stdout.columns ?? 80, rows: context.stdout.rows ?? 24 }),
    env: context.invoker.env,
    hosts: targets.map(({ host, app }) => ({ host, app })),
    clock: Date.now,
  };
  const reporter = await createReporter(shown);
  const logged =
    log && (await createReporter({ ...shown, mode: 'plain', ...LOGGED, stdout: log, isTTY: false, env: {} }));
  context.onAbandon(() => reporter.abandon());
  const aside = (text: string) => {
    if (command.silent === true) return;
    reporter.suspend();
    context.stderr.write(text);
    log?.write(text);
    reporter.resume();
  };
  context.onAside(aside);
  const settings = {
    signal:
      command.limitMs === undefined
        ? context.signal
        : AbortSignal.any([context.signal, AbortSignal.timeout(command.limitMs)]),
    now: Date.now,
    connect: connections(flags, context, (text) => aside(`${clean(text)}\n`), turns(reporter), command.retries ?? 2),
    by: `${context.invoker.user}@${hostname()}`,
    newId: () => randomBytes(6).toString('hex'),
    // Code is sent only by what has read it.
    localRsync: command.inputs === 'read' && (await hasRsync(context.invoker)),
    parallel: flags.parallel,
  };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (bug) {
      reporter.abandon();
      throw bug;
    }
  };
  const report = (event: FleetEvent) => {
    reporter.on(event);
    logged?.on(event);
  };
  return {
    project,
    targets,
    report,
    run: (work) => guarded(() => runFleet(targets, work, { ...settings, ...paceOf(command, settings), report })),
    look: (work) => guarded(() => runFleet(targets, work, { ...settings, kind: 'reads', report: () => {} })),
    lookAtHosts: (work, quietly) =>
      guarded(() =>
        lookAtHosts(targets, work, { ...settings, kind: 'reads', report: quietly === undefined ? report : () => {} }),
      ),
    async finish(hosts, own = (code) => code) {
      const outcomes = hosts.map(({ outcome }) => outcome);
      const code = own(exitCode(outcomes, context.signal.aborted, command.reportsPending));
      const summary = { command: command.name, exitCode: code, hosts };
      await Promise.all([reporter.close(summary), logged?.close(summary)]);
      log?.end();
      await keepGenerations(project.dir, context.invoker, summary);
      if (command.kind === 'changes') await announce(project, summary, settings.by, context);
      return code;
    },
  };
}

const onePerHost = (targets: readonly HostTarget[]) =>
  targets.filter(({ host }, i) => targets.findIndex((one) => one.host === host) === i);

const paceOf = ({ kind, pace }: FleetCommand, { parallel }: { readonly parallel: number }) => ({
  kind: pace === undefined ? kind : ('reads' as const),
  parallel: pace === 'one by one' ? 1 : parallel,
});

/** The whole of a command that does one thing on every host. @throws UsageError */
export async function runFleetCommand(
  command: FleetCommand & { readonly work: Work },
  flags: HostFlags,
  context: CliContext,
): Promise<number> {
  const fleet = await openFleet(command, flags, context);
  return fleet.finish(await fleet.run(command.work));
}

/** Changing every host needs a word: a host, a group, an app, `--all`, or a yes on the terminal. */
async function agree(
  command: FleetCommand,
  targets: readonly HostTarget[],
  flags: HostFlags,
  context: CliContext,
): Promise<void> {
  const named = flags.host.length + flags.group.length + flags.app.length > 0 || targets.length === 0;
  if (command.kind === 'reads' || named || flags.all || flags.yes) return;
  const hosts = [...new Set(targets.map(({ host }) => host))].join(', ');
  if (await confirm(`No host was named. ${command.verb} ALL hosts (${hosts})?`, context)) return;
  throw new UsageError(
    `no host was named, so ${command.name} would change all of them: ${hosts}\nsay which with --host or --group, or --all`,
  );
}

/** Whether rsync is installed here. Looked for, not started: a process for every run, and most send nothing. */
async function hasRsync({ env }: CliContext['invoker']): Promise<boolean> {
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder !== '');
  const found = await Promise.allSettled(folders.map((folder) => access(join(folder, 'rsync'), constants.X_OK)));
  return found.some(({ status }) => status === 'fulfilled');
}
