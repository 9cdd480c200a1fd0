import { type Fleet, fleetOf } from '../library/fleet.ts';
import type { World } from '../library/open.ts';
import type { About, Event, Options } from '../library/options.ts';
import type { Refusal } from '../library/refusal.ts';
import type { Summary } from '../model/events.ts';
import type { Result } from '../model/outcome.ts';
import type { Question } from '../model/question.ts';
import type { Format } from '../output/formats/index.ts';
import { asked, matter } from '../output/messages/question.ts';
import { createReporter, type ReporterOptions, type RunReporter } from '../output/reporter.ts';
import { clean } from '../util/sanitize.ts';
import { askSecret, askText, confirm, type Turn, turns } from './ask.ts';
import { keepGenerations } from './complete/names.ts';
import type { CliContext, HostFlags } from './context.ts';
import { openLog } from './log-file.ts';
import { openHere } from './project.ts';
import { UsageError } from './refusal.ts';

/** How a command on hosts is shown. */
export type Look = {
  /** Whether all that the command is for is a report at the end. */
  readonly reads?: boolean;
  /** Whether what the command prints on the hosts is all that is told. */
  readonly lines?: boolean;
  /** How the end is written; `auto` unless told. */
  readonly format?: Format;
  /** Whether nothing is said of the run but what the command itself says. */
  readonly silent?: boolean;
  /** Brings to its end what the command itself has under way, before the summary is told; what the exit code is then. */
  readonly end?: (usual: number) => Promise<number>;
};

/** A command of the library at work, with the command line's flags, questions and screen. */
export type Session = {
  readonly world: World;
  readonly fleet: Fleet;
  readonly options: Options;
  /** What there is to work on, once that is known. */
  readonly about: () => About;
};

/** A log has everything, whatever the screen shows. */
const LOGGED = { verbose: true, quiet: false, stamped: true } as const;

/** Runs a command on hosts, shows it, and ends with its exit code. @throws Refusal */
export const onHosts = async (
  look: Look,
  flags: HostFlags,
  context: CliContext,
  work: (session: Session) => Ending<{ readonly exitCode: number }>,
): Promise<number> => (await endOf(look, flags, context, work)).exitCode;

type Ending<T> = PromiseLike<Result<T, Refusal>>;

/** The same for who makes more of how the hosts ended. @throws Refusal */
export async function endOf<T>(
  look: Look,
  flags: HostFlags,
  context: CliContext,
  work: (session: Session) => Ending<T>,
): Promise<T> {
  const screen = screenOf(look, flags, context);
  const world = await openHere(flags, context, {
    becomePassword: () =>
      context.becomePassword ?? screen.turn(() => askSecret('sudo password on the hosts: ', 'sudo password', context)),
    passphrase: (file) => screen.turn(() => askSecret(`passphrase of ${file}: `, 'passphrase', context)),
  });
  try {
    const ended = await work({ world, fleet: fleetOf(world), options: screen.options, about: screen.about });
    if (!ended.ok) throw ended.failure;
    const summary = await screen.closed();
    if (summary !== null) await keepGenerations(world.project.dir, context.invoker, summary);
    return ended.value;
  } catch (error) {
    throw screen.failed(error);
  }
}

/** The terminal, the log file and the questions of one run. */
function screenOf(look: Look, flags: HostFlags, context: CliContext) {
  const { stdout, stderr, invoker } = context;
  let about: About | null = null;
  let reporter: RunReporter | null = null;
  let logged: RunReporter | null = null;
  let log: ReturnType<typeof openLog> = null;
  let turn: Turn = (use) => use();
  let closing: Promise<Summary | null> = Promise.resolve(null);

  const onBegin = async (of: About) => {
    about = of;
    log = openLog(flags, of.command, context);
    context.begin();
    if (!flags.quiet && look.silent !== true) for (const warning of of.warnings) stderr.write(`warning: ${warning}\n`);
    const shown: ReporterOptions = {
      mode: flags.json ? 'json' : (look.format ?? 'auto'),
      verbose: flags.verbose === true,
      quiet: flags.quiet === true || look.silent === true,
      reads: look.reads === true,
      lines: look.lines === true,
      ...{ stdout, stderr, isTTY: stdout.isTTY === true },
      size: () => ({ columns: stdout.columns ?? 80, rows: stdout.rows ?? 24 }),
      env: invoker.env,
      hosts: of.hosts,
      clock: Date.now,
    };
    const view = await createReporter(shown);
    if (log !== null)
      logged = await createReporter({ ...shown, mode: 'plain', ...LOGGED, stdout: log, isTTY: false, env: {} });
    reporter = view;
    turn = turns(view);
    context.onAbandon(() => view.abandon());
    context.onAside(aside);
  };
  const aside = (text: string) => {
    if (look.silent === true) return;
    reporter?.suspend();
    stderr.write(text);
    log?.write(text);
    reporter?.resume();
  };
  const onEvent = (event: Event) => {
    if (event.type === 'dropped') return;
    if (event.type !== 'summary') for (const one of [reporter, logged]) one?.on(event);
    else closing = close(event);
  };
  const close = async (usual: Summary): Promise<Summary> => {
    const summary = look.end === undefined ? usual : { ...usual, exitCode: await look.end(usual.exitCode) };
    await Promise.all([reporter, logged].map((one) => one?.close(summary)));
    log?.end();
    return summary;
  };
  const options: Options = {
    ...{ hosts: flags.host, groups: flags.group, apps: flags.app, all: flags.all === true },
    ...(flags.shard === undefined ? {} : { shard: flags.shard }),
    ...(flags.user === undefined ? {} : { user: flags.user }),
    ...(flags.identity === undefined ? {} : { identityFile: flags.identity }),
    ...{ acceptNew: flags.acceptNew === true, parallel: flags.parallel, signal: context.signal },
    agree: (question) => turn(() => agreed(question, flags, context)),
    ...{ onBegin, onEvent },
    onNote: (text) => void closing.then(() => aside(`${clean(text)}\n`)),
  };
  return {
    options,
    about: () => about ?? { command: '', hosts: [], warnings: [] },
    turn: <T>(use: () => Promise<T>) => turn(use),
    closed: () => closing,
    /** What is said at last where it did not come to its end. */
    failed(error: unknown): unknown {
      const { question } = error as Partial<Refusal>;
      if (!(error instanceof Error) || question === undefined) {
        reporter?.abandon();
        return error;
      }
      if (question === null) return error;
      return new UsageError(`${error.message}${question.ask === 'all-hosts' ? NAME_THEM : CONFIRM}`);
    },
  };
}

const NAME_THEM = '\nsay which with --host or --group, or --all';
const CONFIRM = '; --yes confirms without asking';

/** Deleting data wants more than a yes: the app's name, typed. */
async function agreed(question: Question, flags: HostFlags, context: CliContext): Promise<boolean> {
  if (flags.yes === true) {
    if (question.ask === 'mend' && !flags.quiet && !flags.json) context.stderr.write(`${matter(question)}\n`);
    return true;
  }
  if (question.ask !== 'delete') return confirm(asked(question), context);
  const word = question.apps[0]?.app ?? '';
  return (await askText(`${matter(question)}\ntype ${word} to go on: `, context)) === word;
}
