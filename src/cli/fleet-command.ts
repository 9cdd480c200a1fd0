import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Inputs } from '../config/resolve.ts';
import { resolveTargets } from '../config/resolve.ts';
import { type FleetRun, runFleet } from '../engine/fleet.ts';
import type { HostRun } from '../engine/run.ts';
import type { HostOutcome, Result } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import { createReporter } from '../output/reporter.ts';
import { confirm } from './ask.ts';
import { connections } from './connections.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { describe, openProject, UsageError } from './project.ts';
import type { HostFlags, World } from './world.ts';

/** A command that works on hosts, as `runFleetCommand` carries it out. */
export type FleetCommand = {
  readonly name: string;
  /** What a person is asked to agree to when no host was named. */
  readonly verb: string;
  readonly kind: FleetRun['kind'];
  readonly inputs: Inputs;
  work(target: HostTarget, run: HostRun): Promise<HostOutcome>;
};

/** Resolves the selection, runs the command on every host, shows it, and says how it ended. @throws UsageError */
export async function runFleetCommand(command: FleetCommand, flags: HostFlags, world: World): Promise<ExitCode> {
  const project = await openProject(flags, world);
  const selection = { hosts: flags.host, groups: flags.group, apps: flags.app, all: flags.all === true };
  const overrides = {
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.identity === undefined ? {} : { identityFile: [flags.identity] }),
  };
  const resolved: Result<
    Awaited<ReturnType<typeof resolveTargets>> extends Result<infer T, unknown> ? T : never,
    unknown
  > = await resolveTargets(project, selection, overrides, command.inputs);
  if (!resolved.ok) throw new UsageError(describe(resolved.failure as Parameters<typeof describe>[0]));
  const { targets, warnings } = resolved.value;
  if (!flags.quiet) for (const warning of warnings) world.stderr.write(`warning: ${warning}\n`);
  await agree(command, targets, flags, world);

  const reporter = await createReporter({
    mode: flags.json ? 'json' : 'auto',
    verbose: flags.verbose === true,
    quiet: flags.quiet === true,
    stdout: world.stdout,
    stderr: world.stderr,
    isTTY: world.stdout.isTTY === true,
    size: () => ({ columns: world.stdout.columns ?? 80, rows: world.stdout.rows ?? 24 }),
    env: world.caller.env,
    hosts: targets.map(({ host, app }) => ({ host, app })),
    clock: Date.now,
  });
  world.onAbandon(() => reporter.abandon());
  try {
    const hosts = await runFleet(targets, command.work, {
      signal: world.signal,
      now: Date.now,
      report: (event) => reporter.on(event),
      connect: connections(flags, world, (text) => world.stderr.write(`${text}\n`)),
      by: `${world.caller.user}@${hostname()}`,
      newId: () => randomBytes(6).toString('hex'),
      localRsync: await hasRsync(),
      parallel: flags.parallel,
      kind: command.kind,
    });
    const code = exitCode(
      hosts.map(({ outcome }) => outcome),
      world.signal.aborted,
    );
    await reporter.close({ command: command.name, exitCode: code, hosts });
    return code;
  } catch (bug) {
    reporter.abandon();
    throw bug;
  }
}

/** Changing every host needs a word: a host, a group, an app, `--all`, or a yes on the terminal. */
async function agree(
  command: FleetCommand,
  targets: readonly HostTarget[],
  flags: HostFlags,
  world: World,
): Promise<void> {
  const named = flags.host.length + flags.group.length + flags.app.length > 0;
  if (command.kind === 'reads' || named || flags.all || flags.yes) return;
  const hosts = [...new Set(targets.map(({ host }) => host))].join(', ');
  if (await confirm(`No host was named. ${command.verb} ALL hosts (${hosts})?`, world)) return;
  throw new UsageError(
    `no host was named, so ${command.name} would change all of them: ${hosts}\nsay which with --host or --group, or --all`,
  );
}

/** Whether rsync is installed here; asked once per run, costs a process of some milliseconds. */
const hasRsync = (): Promise<boolean> =>
  new Promise((resolve) => {
    execFile('rsync', ['--version'], (error) => resolve(error === null));
  });
