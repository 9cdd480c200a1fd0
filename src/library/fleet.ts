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
import type { Acknowledged, PauseOrder } from './commands/orders.ts';
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

export type Instances = {
  /** What the project names; no host is contacted. */
  list(options?: Where & InstanceOptions): Promise<Result<readonly NamedInstances[], Refusal>>;
  status(options?: Options & InstanceOptions): Run<Summary & { readonly units: readonly UnitStatus[] }>;
  readonly start: OfInstances;
  readonly stop: OfInstances;
  readonly restart: OfInstances;
  readonly startAll: OfAll;
  readonly stopAll: OfAll;
  /** The list in the project's files has it as well, unless no host came to have it. No other instance is touched. */
  readonly add: OneMore;
  readonly remove: OneMore;
};

/** A project, opened: its commands do what those of the command line do, and print nothing. */
export type Fleet = {
  /** Absolute. */
  readonly dir: string;
  /** Apps by name, and the hosts that each is for. */
  readonly apps: ReadonlyMap<string, readonly string[]>;
  /** Everything that can be known offline, for every app on every host. */
  check(): Promise<Result<Checked, Refusal>>;
  /** @param options.only that part alone, on what is active: nothing else of the project is read */
  deploy(options?: Options & Part): Run<Summary>;
  /** @param options.exitCode `exitCode` is 5 where changes are pending */
  plan(options?: Options & Part & { readonly exitCode?: boolean }): Run<Summary>;
  rollback(options?: Options & RollbackOptions): Run<Summary>;
  health(options?: Options): Run<Summary>;
  /** @param options.verify compares every file of the active release with what was deployed */
  status(options?: Options & { readonly verify?: boolean }): Run<Summary & { readonly units: readonly UnitStatus[] }>;
  /** `status` again and again. @param options.everyMs milliseconds between two looks; 2000 unless told */
  watch(options?: Options & { readonly everyMs?: number }): Stream<Seen>;
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
  pauses(): Promise<Result<readonly Pause[], Refusal>>;
  unpause(pause: string): Promise<Result<Pause, Refusal>>;
  /** Who is at work on each host. @param options.hold refuses deploys and rollbacks, for this reason, until released */
  lock(options?: Options & { readonly hold?: string; readonly release?: boolean }): Run<Summary>;
  /** @param options.fix puts right what is safe, after `agree` */
  doctor(options?: Options & { readonly fix?: boolean }): Run<Summary>;
  logs(options?: Options & LogOptions): Stream<LogEntry>;
  readonly start: OfUnits;
  readonly stop: OfUnits;
  readonly restart: OfUnits;
  readonly reload: OfUnits;
  readonly enable: OfUnits;
  readonly disable: OfUnits;
  readonly kill: OfUnits;
  readonly resetFailed: OfUnits;
  /** Instances of a template, each by its name alone. */
  readonly instances: Instances;
  /** @param argv each word as it is */
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
