import { hostsOf } from '../config/select.ts';
import type { HostRun } from '../engine/run.ts';
import type { Summary } from '../model/events.ts';
import type { Only } from '../model/only.ts';
import { type HostOutcome, ok, type Result } from '../model/outcome.ts';
import type { HostTarget } from '../model/target.ts';
import type { Verb } from '../model/work.ts';
import type { Trail } from '../monitor/orders.ts';
import type { Pause } from '../monitor/state.ts';
import type { Chosen, Command } from './choose.ts';
import type { Checked } from './commands/check.ts';
import type { Env } from './commands/env.ts';
import type { InstanceOptions, NamedInstances } from './commands/instances.ts';
import type { LogEntry, LogOptions } from './commands/logs.ts';
import type { MonitorOptions } from './commands/monitor.ts';
import type { NamedChannel, TestedChannel, TestOptions } from './commands/notify.ts';
import type { Acknowledged, PauseOrder, Trend } from './commands/orders.ts';
import type { RollbackOptions } from './commands/rollback.ts';
import type { RunOptions } from './commands/run.ts';
import type { ServeOptions } from './commands/serve.ts';
import type { UnitStatus } from './commands/status.ts';
import type { Seen } from './commands/watch.ts';
import { type OpenOptions, openWorld, type World } from './open.ts';
import type { Options, Where } from './options.ts';
import { Refusal } from './refusal.ts';
import { attempt, begin, type Run } from './run.ts';
import { type Reading, type Stream, streamOf } from './stream.ts';

type OfUnits = (units: readonly string[], options?: Options & ServeOptions) => Run<Summary>;

type Part = { readonly only?: 'env' };

type OfInstances = (names: readonly string[], options?: Options & InstanceOptions) => Run<Summary>;
type OfAll = (options?: Options & InstanceOptions) => Run<Summary>;
/** @param options.plan says what it would change, and writes nothing */
type OneMore = (
  names: readonly string[],
  options?: Options & InstanceOptions & { readonly plan?: boolean },
) => Run<Summary>;

/** Instances of template units, each by its name alone: `alice` is `bot@alice.service`. */
export type Instances = {
  /** What the project names; no host is contacted. */
  list(options?: Where & InstanceOptions): Promise<Result<readonly NamedInstances[], Refusal>>;
  /** How each stands: those too that are named and not deployed, and those that are there and not named. */
  status(options?: Options & InstanceOptions): Run<Summary & { readonly units: readonly UnitStatus[] }>;
  /** Waits until they have stayed up; a name that the project does not have is refused, as by `restart`. */
  readonly start: OfInstances;
  /** Takes names too that the project does not have any more. On more than one host it asks `agree`. */
  readonly stop: OfInstances;
  /** Waits until they have stayed up; one that does not run is started. */
  readonly restart: OfInstances;
  /** By the target that takes them along, where the app has one; else each by its name. */
  readonly startAll: OfAll;
  /** The reverse of `startAll`; on more than one host it asks `agree`. */
  readonly stopAll: OfAll;
  /** The list in the project's files has it as well, unless no host came to have it. No other instance is touched. */
  readonly add: OneMore;
  /** Stops it, and takes away what a deploy has put there for it; it goes from the list in the project's files as well. */
  readonly remove: OneMore;
};

/** A project, opened: its commands do what those of the command line do, and print nothing. */
export type Fleet = {
  /** The project's folder, absolute. */
  readonly dir: string;
  /** Apps by name, and the hosts that each is for. */
  readonly apps: ReadonlyMap<string, readonly string[]>;
  /** Everything that can be known offline, for every app on every host. */
  check(): Promise<Result<Checked, Refusal>>;
  /**
   * Makes each host be what the project says, as one transaction: proved healthy, or taken back. Where nothing differs, nothing is done.
   * @param options.only that part alone, on what is active: nothing else of the project is read
   */
  deploy(options?: Options & Part): Run<Summary>;
  /**
   * What a deploy would do, in `planned` events; no host is changed.
   * @param options.exitCode `exitCode` is 5 where changes are pending
   */
  plan(options?: Options & Part & { readonly exitCode?: boolean }): Run<Summary>;
  /** Back to an earlier generation, from what the hosts keep: none is changed where one of them cannot go back. */
  rollback(options?: Options & RollbackOptions): Run<Summary>;
  /** Asks every check once, without a lock; `exitCode` is 1 where one does not pass. */
  health(options?: Options): Run<Summary>;
  /**
   * How every unit stands, and who is at work; changes nothing.
   * @param options.verify compares every file of the active release with what was deployed
   */
  status(options?: Options & { readonly verify?: boolean }): Run<Summary & { readonly units: readonly UnitStatus[] }>;
  /** `status` again and again. @param options.everyMs milliseconds between two looks; 2000 unless told */
  watch(options?: Options & { readonly everyMs?: number }): Stream<Seen>;
  /** The generations of each host with their verdicts, and what persons did between them, as the host has written it down. */
  history(options?: Options): Run<Summary>;
  /** The keys in the env files of this machine; no host is contacted. */
  readonly env: Env;
  /** What `fleet health --cron` does, once: what nobody has been told yet goes to the channels of the inventory, and to `print`. */
  monitor(options: Options & MonitorOptions): Run<{ readonly exitCode: number }>;
  /** How a problem that the monitor has told of came about, and who was told. */
  explain(problem: string): Promise<Result<Trail, Refusal>>;
  /** No reminders of a problem until it is well, or worse. @param until only until then: a time such as `8h`, or a moment */
  ack(problem: string, until?: string): Promise<Result<Acknowledged, Refusal>>;
  /** Says nothing of a host, an app, or HOST/APP for a while. */
  pause(name: string, order: PauseOrder): Promise<Result<Pause, Refusal>>;
  /** The pauses that are not over. */
  pauses(): Promise<Result<readonly Pause[], Refusal>>;
  /** Ends a pause before its time. @param pause its `id` */
  unpause(pause: string): Promise<Result<Pause, Refusal>>;
  /**
   * How memory and disks went as far as `monitor` remembers, and when they are full at this slope; no host is contacted.
   * @param where all that is remembered of the project unless told
   */
  trends(where?: Where): Promise<Result<readonly Trend[], Refusal>>;
  /** Who of the inventory can be told. @param names all unless told; one that is not there is refused */
  channels(names?: readonly string[]): Promise<Result<readonly NamedChannel[], Refusal>>;
  /** Sends a test message to each at once, and tells what each answered. @param names all unless told */
  testChannels(names?: readonly string[], options?: TestOptions): Promise<Result<readonly TestedChannel[], Refusal>>;
  /** Who is at work on each host. @param options.hold refuses deploys and rollbacks, for this reason, until released */
  lock(options?: Options & { readonly hold?: string; readonly release?: boolean }): Run<Summary>;
  /**
   * What is wrong on each host, worst first, with what shows it and what would mend it; `exitCode` is 1 where an app does not work.
   * @param options.fix puts right what is safe, after `agree`
   */
  doctor(options?: Options & { readonly fix?: boolean }): Run<Summary>;
  /** What services have said, of all hosts in the order of time; secrets that the project knows are blotted out. */
  logs(options?: Options & LogOptions): Stream<LogEntry>;
  /** Waits until the units have stayed up. A name or glob that fits no unit of any host is refused, here and for all verbs. */
  readonly start: OfUnits;
  /** Until the next start, deploy or boot; on more than one host it asks `agree`. */
  readonly stop: OfUnits;
  /** Waits until the units have stayed up; one that does not run is started. */
  readonly restart: OfUnits;
  /** Asks a service to read its settings again, by its own ExecReload; one without it fails. */
  readonly reload: OfUnits;
  /** Starts at boot again; does not start it now. */
  readonly enable: OfUnits;
  /** Starts at boot no more, until the next deploy; does not stop it now. */
  readonly disable: OfUnits;
  /** Sends a signal to all processes of the unit: TERM, unless `killSignal` says another. On more than one host it asks `agree`. */
  readonly kill: OfUnits;
  /** Clears the failed state and the count of starts, so that a service that gave up may be started. */
  readonly resetFailed: OfUnits;
  /** Commands for single instances of template units. */
  readonly instances: Instances;
  /**
   * A command on every host, side by side; each host counts once, whatever apps it has. `exitCode` is the worst exit status of it.
   * @param argv each word as it is: no shell reads it, unless `shell`
   */
  run(argv: readonly string[], options?: Options & RunOptions): Run<Summary>;
};

/** Opens a project; every error of every file is in the refusal. No host is contacted. */
export async function openFleet(options: OpenOptions = {}): Promise<Result<Fleet, Refusal>> {
  const world = await openWorld(options);
  return world.ok ? ok(fleetOf(world.value)) : world;
}

const reading = (name: string) => ({ name, kind: 'reads', inputs: 'skip' }) as const;

type Work = (target: HostTarget, run: HostRun) => Promise<HostOutcome>;

// What a command needs is loaded when it is called: connections, the engine, the command itself.

/** The commands of a world. */
export function fleetOf(world: World): Fleet {
  const on = <T>(command: Command, options: Options, work: (chosen: Chosen) => Promise<T>): Run<T> =>
    begin(options, async (report) => {
      const { choose } = await import('./choose.ts');
      return work(await choose(world, command, options, report));
    });
  /** One thing on every host. */
  const each = (command: Command, options: Options, load: () => Promise<Work>): Run<Summary> =>
    on(command, options, async (chosen) => chosen.finish(await chosen.run(await load())));
  const stream = <T>(
    command: Command,
    options: Options,
    open: (chosen: Chosen, stop: AbortSignal) => Promise<Reading<T>>,
  ): Stream<T> =>
    streamOf(async () => {
      const { choose } = await import('./choose.ts');
      const chosen = await choose(world, command, options, (event) => options.onEvent?.(event));
      const stop = new AbortController();
      const { entries, end } = await open(chosen, stop.signal);
      return {
        entries,
        end: () => {
          stop.abort();
          return end();
        },
      };
    });
  const verb =
    (name: Verb): OfUnits =>
    (units, options = {}) =>
      on(
        { name, kind: 'changes', inputs: 'skip', pace: options.rolling === true ? 'one by one' : 'at once' },
        options,
        async (chosen) => (await import('./commands/serve.ts')).serve(chosen, name, units, options),
      );
  const several = () => import('./commands/instances.ts');
  const some =
    (name: 'start' | 'stop' | 'restart'): OfInstances =>
    (names, options = {}) =>
      begin(options, async (report) => (await several()).serveSome(world, name, names, options, report));
  const all =
    (name: 'start' | 'stop'): OfAll =>
    (options = {}) =>
      begin(options, async (report) => (await several()).serveAll(world, name, options, report));
  const change =
    (way: 'add' | 'remove'): OneMore =>
    (names, options = {}) =>
      begin(options, async (report) => (await several()).change(world, way, names, options, report));
  const orders = () => import('./commands/orders.ts');
  const notifying = () => import('./commands/notify.ts');
  const envs = () => import('./commands/env.ts');
  const { project } = world;
  return {
    dir: project.dir,
    apps: new Map(
      project.playbooks.map((one) => [one.name, hostsOf(project.inventory, one).map(({ name }) => name as string)]),
    ),
    check: async () => (await import('./commands/check.ts')).check(project),
    deploy: (options = {}) =>
      each({ name: 'deploy', kind: 'changes', inputs: inputsOf(options) }, options, async () => {
        const { deployHost, deployPart } = await import('../engine/commands/deploy.ts');
        const only = partOf(options);
        return only === null ? deployHost : (target, run) => deployPart(target, only, run);
      }),
    plan: (options = {}) =>
      each(
        { name: 'plan', kind: 'reads', inputs: inputsOf(options), reportsPending: options.exitCode === true },
        options,
        async () => {
          const { previewHost, previewPart } = await import('../engine/commands/plan.ts');
          const only = partOf(options);
          return only === null ? previewHost : (target, run) => previewPart(target, only, run);
        },
      ),
    rollback: (options = {}) =>
      on({ name: 'rollback', kind: 'changes', inputs: 'skip' }, options, async (chosen) =>
        (await import('./commands/rollback.ts')).rollback(chosen, options),
      ),
    health: (options = {}) =>
      on(reading('health'), options, async (chosen) => (await import('./commands/health.ts')).health(chosen)),
    status: (options = {}) =>
      on(reading('status'), options, async (chosen) =>
        (await import('./commands/status.ts')).status(chosen, options.verify === true),
      ),
    watch: ({ everyMs = 2000, ...options } = {}) =>
      stream(reading('status'), { ...options, parallel: MOST_HOSTS }, async (chosen, stop) =>
        (await import('./commands/watch.ts')).watch(chosen, Math.max(everyMs, 100), stop),
      ),
    env: {
      list: (options = {}) => attempt(async () => (await envs()).listEnv(project, options)),
      set: (key, value, options = {}) => attempt(async () => (await envs()).setEnv(project, key, value, options)),
      unset: (key, options = {}) => attempt(async () => (await envs()).unsetEnv(project, key, options)),
    },
    monitor: (options) =>
      begin(options, async (report) => (await import('./commands/monitor.ts')).monitor(world, options, report)),
    explain: (problem) => attempt(async () => (await orders()).explain(world, problem)),
    ack: (problem, until) => attempt(async () => (await orders()).ack(world, problem, until)),
    pause: (name, order) => attempt(async () => (await orders()).pauseFor(world, name, order)),
    pauses: () => attempt(async () => (await orders()).pauses(world)),
    trends: (where = {}) => attempt(async () => (await orders()).trends(world, where)),
    channels: (names) => attempt(async () => (await notifying()).channels(project, names)),
    testChannels: (names = [], options = {}) =>
      attempt(async () => (await notifying()).testChannels(project, names, options)),
    unpause: (pause) => attempt(async () => (await orders()).unpause(world, pause)),
    history: (options = {}) =>
      each(reading('history'), options, async () => (await import('../engine/commands/report.ts')).historyHost),
    lock: ({ hold, release = false, ...options } = {}) =>
      begin(options, async (report) => {
        const { change, kind } = changeOf(hold, release);
        const { choose } = await import('./choose.ts');
        const { lockHost } = await import('../engine/commands/report.ts');
        const chosen = await choose(world, { ...reading('lock'), kind }, options, report);
        return chosen.finish(await chosen.run((target, run) => lockHost(target, change, run)));
      }),
    doctor: ({ fix = false, ...options } = {}) =>
      on({ name: 'doctor', kind: fix ? 'changes' : 'reads', inputs: 'folders' }, options, async (chosen) => {
        if (fix) return (await import('./commands/doctor.ts')).mend(chosen);
        const { doctorHost } = await import('../engine/commands/doctor.ts');
        return chosen.finish(await chosen.run((target, run) => doctorHost(target, run)));
      }),
    // Each waits for the others: none may wait for a place.
    logs: (options = {}) =>
      stream(reading('logs'), { ...options, parallel: MOST_HOSTS }, async (chosen, stop) =>
        (await import('./commands/logs.ts')).logs(chosen, options, stop),
      ),
    start: verb('start'),
    stop: verb('stop'),
    restart: verb('restart'),
    reload: verb('reload'),
    enable: verb('enable'),
    disable: verb('disable'),
    kill: verb('kill'),
    resetFailed: verb('reset-failed'),
    instances: {
      list: (options = {}) => attempt(async () => (await several()).list(world, options)),
      status: (options = {}) => begin(options, async (report) => (await several()).status(world, options, report)),
      start: some('start'),
      stop: some('stop'),
      restart: some('restart'),
      startAll: all('start'),
      stopAll: all('stop'),
      add: change('add'),
      remove: change('remove'),
    },
    run: (argv, options = {}) =>
      on({ name: 'run', kind: 'changes', inputs: 'skip', pace: 'at once', perHost: true }, options, async (chosen) =>
        (await import('./commands/run.ts')).run(chosen, argv, options),
      ),
  };
}

const partOf = ({ only }: Part): Only | null => (only === undefined ? null : { part: only });
const inputsOf = (options: Part) => partOf(options) ?? 'read';

/** Hosts that are read at the same time, since each waits for the others. */
const MOST_HOSTS = 1000;

/** @throws Refusal */
function changeOf(hold: string | undefined, release: boolean) {
  if (hold !== undefined && release)
    throw new Refusal('to hold and to release exclude each other; nothing was contacted');
  if (hold !== undefined && !/^[^\p{Cc}]+$/u.test(hold))
    throw new Refusal('the reason of a hold must be one line of text');
  if (hold !== undefined) return { kind: 'changes', change: { do: 'hold', reason: hold } } as const;
  return release
    ? ({ kind: 'changes', change: { do: 'release' } } as const)
    : ({ kind: 'reads', change: { do: 'show' } } as const);
}
