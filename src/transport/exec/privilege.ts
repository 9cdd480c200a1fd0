import { type Exit, type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import type { Secret } from '../../model/secret.ts';
import type { Connection } from '../../model/target.ts';
import { onAbort } from '../../util/async.ts';
import { slots } from '../../util/slots.ts';
import { deadline } from '../deadline.ts';
import type { ConnectOptions } from '../options.ts';
import { type Link, type OpenChannel, openChannel } from '../ssh2/link.ts';
import { loginTrouble } from '../ssh2/login-trouble.ts';
import { type Answer, type Boot, bootBy, bootDirect, bootPassword, bootUnknown } from './boot.ts';
import { type Job, type Reply, runOnChannel } from './channel.ts';

/** Runs jobs with the most privilege that the login and `become` allow; learned with the first job, kept for all later. */
export type Privilege = {
  readonly runJob: (link: Link, job: Job) => Promise<Result<Exit>>;
  /** Starts the shell of the next job, which then waits for nothing but its own way there and back. */
  readonly ahead: (link: Link) => void;
  /** Whether jobs run as root; null before the first job. */
  readonly isRoot: () => boolean | null;
  /** Why jobs run without root although it was tried, in words; null when they do not, or nothing was tried. */
  readonly refusal: () => string | null;
};

type Mode =
  | { readonly as: 'root' | 'sudo' | 'doas' }
  | { readonly as: 'user'; readonly why: string | null }
  | { readonly as: 'sudo-password'; readonly password: Secret }
  | { readonly as: 'refused'; readonly failure: Failure };

export function privilege(become: Connection['become'], user: string, options: ConnectOptions): Privilege {
  let mode: Mode | null = null;
  const learning = slots(1);
  const spares = new WeakMap<Link, Spare[]>();

  const ahead: Privilege['ahead'] = (link) => {
    // Who asks for a password talks to the job's own channel; and some servers take one channel at a time.
    if (mode === null || mode.as === 'refused' || mode.as === 'sudo-password') return;
    const waiting = spares.get(link) ?? [];
    if (!link.severalChannels || waiting.length >= MOST_SPARES) return;
    const boot = bootIn(mode);
    waiting.push({ boot, opened: openChannel(link, boot.command, UNTIL_IT_CLOSES) });
    spares.set(link, waiting);
  };

  const runJob: Privilege['runJob'] = async (link, job) => {
    let group: number | null = null;
    const result = await startJob(link, { ...job, onGroup: (id) => (group = id) });
    const givenUp = !result.ok && (result.failure.kind === 'timed-out' || result.failure.kind === 'cancelled');
    if (givenUp && group !== null && mode !== null) await inMode(mode, link, endOf(group));
    return result;
  };

  const startJob: Privilege['runJob'] = async (link, job) => {
    if (mode !== null) return inMode(mode, link, job);
    const release = await learning.take(job.io.signal);
    if (release === null) return fail({ kind: 'cancelled', phase: 'prepare' });
    try {
      // Whoever waited for the first job finds its answer here.
      return mode === null ? await learn(link, job, release) : await inMode(mode, link, job);
    } finally {
      release();
    }
  };

  /** Whoever waits for the first job may start as soon as its answer is known. */
  async function learn(link: Link, job: Job, release: () => void): Promise<Result<Exit>> {
    const decide = (known: Mode) => {
      mode = known;
      release();
    };
    const reply = await runOverNewChannel(link, bootUnknown(become), job, false, (answer) => {
      if (answer === 'root' || answer === 'sudo' || answer === 'doas') decide({ as: answer });
      if (answer === 'user') decide({ as: 'user', why: null });
      if (answer === 'bare') decide({ as: 'user', why: NO_WAY(user) });
    });
    if (!reply.ok) return reply;
    const complaint = reply.value.stdout.trim();
    switch (reply.value.answer) {
      case 'no-way':
        return refuse('none', NO_WAY(user), decide);
      case 'doas-refused':
        return goWithout(link, job, 'doas', doasTrouble(user, complaint), decide);
      case 'sudo-refused':
        return withPassword(link, job, complaint, decide);
      default:
        return ended(reply.value, link);
    }
  }

  /** What a job left, or why the login of no use that it met is one. */
  function ended({ answer, begun, greeting, status, stdout, stderr }: Reply, { hop }: Link): Result<Exit> {
    if (begun && status !== null) return ok({ code: status, stdout, stderr });
    const said = `${greeting}\n${stdout}\n${stderr}`;
    const reached = answer === null ? 'session' : 'shell';
    return fail(loginTrouble(hop, { reached, said, status, keyLine: hop.words.keyLine() }));
  }

  /** sudo wants something. Without it, `auto` goes on as the login user; `sudo` does not. */
  async function withPassword(link: Link, job: Job, complaint: string, decide: Decide): Promise<Result<Exit>> {
    if (/must have a tty/.test(complaint)) {
      const why = `sudo insists on a terminal (requiretty) for ${user}: remove that from sudoers, or log in as root`;
      return goWithout(link, job, 'sudo', why, decide);
    }
    const password = await askOnce(options.becomePassword);
    if (password === null) {
      const why = `sudo asks ${user} for a password and none was given: set FLEET_BECOME_PASSWORD, type it when a terminal asks, or allow ${user} NOPASSWD in sudoers`;
      return goWithout(link, job, 'sudo', why, decide);
    }
    const reply = await runOverNewChannel(link, bootPassword(password), job, true, () =>
      decide({ as: 'sudo-password', password }),
    );
    if (!reply.ok) return reply;
    if (reply.value.answer !== null) return ended(reply.value, link);
    const said = reply.value.stderr.trim();
    if (/not in the sudoers|not allowed|may not run/i.test(said))
      return goWithout(link, job, 'sudo', `sudo does not let ${user} become root: ${said}`, decide);
    return refuse('sudo', wrongPassword(user, reply.value), decide);
  }

  function goWithout(link: Link, job: Job, by: Way, why: string, decide: Decide): Promise<Result<Exit>> | Result<Exit> {
    if (become === 'sudo') return refuse(by, why, decide);
    options.onNote?.(`going on without root: ${why}`);
    const without: Mode = { as: 'user', why };
    decide(without);
    return inMode(without, link, job);
  }

  async function inMode(known: Mode, link: Link, job: Job): Promise<Result<Exit>> {
    if (known.as === 'refused') return fail(known.failure);
    const spare = spares.get(link)?.shift() ?? null;
    const reply = await runOverNewChannel(link, spare?.boot ?? bootIn(known), job, true, () => {}, spare);
    if (!reply.ok) return reply;
    if (reply.value.answer !== null || known.as === 'root' || known.as === 'user') return ended(reply.value, link);
    return fail(
      known.as === 'doas'
        ? { kind: 'sudo-refused', by: 'doas', detail: doasTrouble(user, saidBy(reply.value)) }
        : { kind: 'sudo-refused', by: 'sudo', detail: wrongPassword(user, reply.value) },
    );
  }

  return {
    runJob,
    ahead,
    isRoot: () => (mode === null ? null : mode.as !== 'user' && mode.as !== 'refused'),
    refusal: () => (mode?.as === 'user' ? mode.why : null),
  };
}

/** A channel whose shell waits for a job. */
type Spare = { readonly boot: Boot; readonly opened: Promise<Result<OpenChannel> | null> };

/** That of the command which is about to begin, and that of the one after it. */
const MOST_SPARES = 2;

const UNTIL_IT_CLOSES = new AbortController().signal;

type Decide = (known: Mode) => void;
type Way = Extract<Failure, { kind: 'sudo-refused' }>['by'];

function refuse(by: Way, detail: string, decide: Decide): Result<Exit> {
  const failure: Failure = { kind: 'sudo-refused', by, detail };
  decide({ as: 'refused', failure });
  return fail(failure);
}

function bootIn(mode: Exclude<Mode, { as: 'refused' }>): Boot {
  if (mode.as === 'sudo-password') return bootPassword(mode.password);
  return mode.as === 'sudo' || mode.as === 'doas' ? bootBy(mode.as) : bootDirect();
}

/**
 * Ends what a job that was given up left running: closing its channel does not, and sshd passes no signal on for root.
 * It has a limit of its own, for the job's is over.
 */
function endOf(group: number): Job {
  const wait = `for i in 1 2 3 4 5 6 7 8 9 10; do kill -0 -${group} 2>/dev/null || exit 0; sleep 0.1; done`;
  const io = { signal: new AbortController().signal, timeoutMs: 3000 };
  return { go: `kill -TERM -${group}; ${wait}; kill -KILL -${group}`, feed: () => {}, io, what: 'end of the command' };
}

/** One channel, one job, its own time limit. A spare one that has gone meanwhile, or never came, is made good for. */
async function runOverNewChannel(
  link: Link,
  boot: Boot,
  job: Job,
  proven: boolean,
  onAnswer: (answer: Answer) => void,
  spare: Spare | null = null,
): Promise<Result<Reply>> {
  using limit = deadline(job.io.signal, job.io.timeoutMs, job.what, 'prepare');
  const waiting = spare === null ? null : await orAborted(spare.opened, limit.signal);
  const ready = waiting?.ok && !waiting.value.ending.closed && waiting.value.ending.status === null;
  const opened = ready ? waiting : await openChannel(link, boot.command, limit.signal);
  if (opened === null) return fail(limit.failure());
  if (!opened.ok) return opened;
  const { channel, release } = opened.value;
  const forget = link.hop.onLost(release);
  channel.on('close', () => {
    forget();
    release();
  });
  const reply = await runOnChannel(opened.value, link.hop, boot, job, limit, proven, onAnswer);
  // The other side may never confirm the end of a channel that was given up.
  if (!reply.ok) setTimeout(release, 1000).unref();
  return reply;
}

/** @returns null when the signal came first */
function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve) => {
    const stop = onAbort(signal, () => resolve(null));
    work.then((value) => {
      stop();
      resolve(value);
    });
  });
}

/** The question belongs to a person, so all hosts share one answer. */
const answers = new WeakMap<ConnectOptions['becomePassword'], Promise<Secret | null>>();
function askOnce(ask: ConnectOptions['becomePassword']): Promise<Secret | null> {
  const answer = answers.get(ask) ?? ask();
  answers.set(ask, answer);
  return answer;
}

const saidBy = ({ stdout, stderr }: Reply): string => stderr.trim() || stdout.trim();

function wrongPassword(user: string, reply: Reply): string {
  const said = saidBy(reply);
  const what =
    reply.asked > 1 || /incorrect password|try again/i.test(said)
      ? `sudo did not accept the password of ${user}`
      : `sudo refused ${user}`;
  return `${what}${said === '' ? '' : ` (${said})`}: check FLEET_BECOME_PASSWORD, or allow ${user} NOPASSWD in sudoers, or set become: none`;
}

const NO_WAY = (user: string) =>
  `there is no sudo on the host and no doas, and ${user} is not root: log in as root, or install one of them`;

/** doas takes a password from a terminal only, so that none can be given to it. */
function doasTrouble(user: string, said: string): string {
  const quoted = said === '' ? '' : ` (${said})`;
  const what = /authenti|authoriz|password|tty/i.test(said)
    ? `doas asks ${user} for a password, which it takes from a terminal only`
    : `doas does not let ${user} become root`;
  return `${what}${quoted}: put \`permit nopass ${user} as root\` at the end of /etc/doas.conf`;
}
