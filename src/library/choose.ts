import { randomBytes } from 'node:crypto';
import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import type { Inputs } from '../config/bind.ts';
import { knownSecrets } from '../config/inputs/env-files.ts';
import type { Invoker } from '../config/invoker.ts';
import type { Project } from '../config/project.ts';
import { resolveTargets } from '../config/resolve.ts';
import { type FleetRun, lookAtHosts, type Patience, runFleet } from '../engine/fleet/fleet.ts';
import type { Aside } from '../engine/fleet/schedule.ts';
import type { HostRun, Share } from '../engine/run.ts';
import type { FleetEvent, Summary } from '../model/events.ts';
import type { HostName } from '../model/ids.ts';
import type { HostOutcome } from '../model/outcome.ts';
import type { Question } from '../model/question.ts';
import type { HostTarget } from '../model/target.ts';
import { notAgreed } from '../output/messages/question.ts';
import { within } from '../util/async.ts';
import { connections } from './connections.ts';
import { type ExitCode, exitCode } from './exit-code.ts';
import { announce } from './notifiers.ts';
import type { World } from './open.ts';
import type { Event, Options } from './options.ts';
import { Refusal, refused } from './refusal.ts';

/** What kind of work a command does on hosts. */
export type Command = {
  readonly name: string;
  readonly kind: FleetRun['kind'];
  readonly inputs: Inputs;
  /** The apps that it is about, whatever is chosen; unlike a choice they are no word that all hosts may be changed. */
  readonly apps?: readonly string[];
  /** How hosts are gone through where the batches of a playbook do not count. */
  readonly pace?: 'at once' | 'one by one';
  /** Whether each host counts once, whatever apps it has; known secrets of all of them are cleared out of what it prints. */
  readonly perHost?: boolean;
  /** Whether changes that a plan found are worth an exit code. */
  readonly reportsPending?: boolean;
  /** How often a connection that fails early is tried again; 2 unless told. */
  readonly retries?: number;
  /** Milliseconds after which no host is begun any more and all are let go. */
  readonly limitMs?: number;
};

type Work = (target: HostTarget, run: HostRun) => Promise<HostOutcome>;
type HostWork = (shares: readonly Share[], aside: Aside) => Promise<readonly HostOutcome[]>;
type Results = Summary['hosts'];

/** The chosen apps on their hosts, and the means to work on them. */
export type Chosen = {
  readonly project: Project;
  readonly targets: readonly HostTarget[];
  readonly signal: AbortSignal;
  /** Works on every target and tells of it. */
  run(work: Work): Promise<Results>;
  /** Looks at every target before anything is told as begun; nothing of it is told. */
  look(work: Work): Promise<Results>;
  /** Looks at all apps of each host at once. @param quietly with this patience, and nothing of it is told */
  lookAtHosts(work: HostWork, quietly?: Patience): Promise<Results>;
  /** Tells that hosts have ended so, as if it had been their run. */
  tell(results: Results): void;
  /** @throws Refusal where nobody agrees */
  agree(question: Question): Promise<void>;
  /** The end of the command: tells whom the playbooks name. @param own what the command makes of the usual exit code */
  finish(results: Results, own?: (code: ExitCode) => number): Promise<Summary>;
};

/** Resolves a selection, and asks where it has to. @throws Refusal */
export async function choose(
  world: World,
  command: Command,
  options: Options,
  report: (event: Event) => void,
): Promise<Chosen> {
  const { project, by } = world;
  const { signal: stop = new AbortController().signal, parallel = 10, onNote = () => {} } = options;
  if (!Number.isInteger(parallel) || parallel < 1)
    throw new Refusal(`hosts at a time must be a whole number from 1 on, not ${parallel}`);
  const resolved = await resolveTargets(project, selectionOf(command, options), overridesOf(options), command.inputs);
  if (!resolved.ok) throw refused(resolved.failure);
  const { warnings } = resolved.value;
  const targets = command.perHost === true ? onePerHost(resolved.value.targets) : resolved.value.targets;
  await options.onBegin?.({ command: command.name, hosts: targets.map(({ host, app }) => ({ host, app })), warnings });

  const agree = async (question: Question) => {
    const yes = options.agree === undefined ? options.yes === true : await options.agree(question);
    if (!yes) throw new Refusal(notAgreed(question), [], question);
  };
  // Changing every host needs a word.
  if (command.kind === 'changes' && !isNamed(options) && targets.length > 0)
    await agree({
      ask: 'all-hosts',
      command: command.name,
      hosts: [...new Set(targets.map(({ host }) => host as string))],
    });

  // What is done for a host, whatever app, may print what any of them knows.
  const secrets = command.perHost === true ? await knownSecrets(project) : null;
  const settings = {
    secrets: (host: HostName) => secrets?.get(host) ?? [],
    ...{ now: Date.now, by, newId: () => randomBytes(6).toString('hex'), parallel },
    signal: command.limitMs === undefined ? stop : within(stop, command.limitMs),
    connect: connections(world, options, command.retries),
    // Code is sent only by what has read it.
    localRsync: command.inputs === 'read' && (await hasRsync(project.invoker)),
  };
  const silent = () => {};
  return {
    project,
    targets,
    agree,
    signal: settings.signal,
    run: (work) => runFleet(targets, work, { ...settings, ...paceOf(command, parallel), report }),
    look: (work) => runFleet(targets, work, { ...settings, kind: 'reads', report: silent }),
    lookAtHosts: (work, quietly) =>
      lookAtHosts(
        targets,
        work,
        { ...settings, kind: 'reads', report: quietly === undefined ? report : silent },
        quietly ?? null,
      ),
    tell(results) {
      for (const { host, app, outcome, durationMs } of results)
        report({ type: 'ended', at: Date.now(), host, app, outcome, durationMs } satisfies FleetEvent);
    },
    async finish(hosts, own = (code) => code) {
      const outcomes = hosts.map(({ outcome }) => outcome);
      const summary = {
        command: command.name,
        exitCode: own(exitCode(outcomes, stop.aborted, command.reportsPending)),
        hosts,
      };
      report({ type: 'summary', ...summary });
      if (command.kind === 'changes') await announce(project, summary, by, stop, onNote);
      return summary;
    },
  };
}

function selectionOf(command: Command, { hosts = [], groups = [], all = false, shard, ...options }: Options) {
  const { kind, inputs, apps = options.apps ?? [] } = command;
  // A plan foretells what a deploy would refuse.
  const ordered = kind === 'changes' || inputs === 'read' || typeof inputs === 'object';
  return { hosts, groups, apps, all, ...(shard === undefined ? {} : { shard: { ...shard, ordered } }) };
}

const overridesOf = ({ user, identityFile }: Options) => ({
  ...(user === undefined ? {} : { user }),
  ...(identityFile === undefined ? {} : { identityFile: [identityFile] }),
});

const isNamed = ({ hosts = [], groups = [], apps = [], all = false }: Options) =>
  all || hosts.length + groups.length + apps.length > 0;

const onePerHost = (targets: readonly HostTarget[]) =>
  targets.filter(({ host }, i) => targets.findIndex((one) => one.host === host) === i);

const paceOf = ({ kind, pace }: Command, parallel: number) => ({
  kind: pace === undefined ? kind : ('reads' as const),
  parallel: pace === 'one by one' ? 1 : parallel,
});

/** Whether rsync is installed here. Looked for, not started: a process for every run, and most send nothing. */
async function hasRsync({ env }: Invoker): Promise<boolean> {
  const folders = (env.PATH ?? '').split(':').filter((folder) => folder !== '');
  const found = await Promise.allSettled(folders.map((folder) => access(join(folder, 'rsync'), constants.X_OK)));
  return found.some(({ status }) => status === 'fulfilled');
}
