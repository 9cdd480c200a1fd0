import { type Exit, type Failure, fail, ok, type Result } from '../model/outcome.ts';
import type { Secret } from '../model/secret.ts';
import type { Connection } from '../model/target.ts';
import { type Answer, type Boot, bootDirect, bootPassword, bootSudo, bootUnknown } from './boot.ts';
import { converse, type Job, type Reply } from './channel.ts';
import { deadline } from './deadline.ts';
import { type Link, openChannel } from './link.ts';
import type { ConnectOptions } from './options.ts';
import { slots } from './slots.ts';

/** Runs jobs with the most privilege that the login and `become` allow; learned with the first job, kept for all later. */
export type Privilege = {
  readonly perform: (link: Link, job: Job) => Promise<Result<Exit>>;
  /** Whether jobs run as root; null before the first job. */
  readonly isRoot: () => boolean | null;
  /** Why jobs run without root although it was tried, in words; null when they do not, or nothing was tried. */
  readonly refusal: () => string | null;
};

type Mode =
  | { readonly as: 'root' | 'sudo' }
  | { readonly as: 'user'; readonly why: string | null }
  | { readonly as: 'sudo-password'; readonly password: Secret }
  | { readonly as: 'refused'; readonly failure: Failure };

export function privilege(become: Connection['become'], user: string, options: ConnectOptions): Privilege {
  let mode: Mode | null = null;
  const learning = slots(1);

  const perform: Privilege['perform'] = async (link, job) => {
    let group: number | null = null;
    const result = await start(link, { ...job, onGroup: (id) => (group = id) });
    const givenUp = !result.ok && (result.failure.kind === 'timed-out' || result.failure.kind === 'cancelled');
    if (givenUp && group !== null && mode !== null) await inMode(mode, link, endOf(group));
    return result;
  };

  const start: Privilege['perform'] = async (link, job) => {
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
    const settle = (known: Mode) => {
      mode = known;
      release();
    };
    const reply = await talk(link, bootUnknown(become), job, (answer) => {
      if (answer === 'root' || answer === 'sudo') settle({ as: answer });
      if (answer === 'user') settle({ as: answer, why: null });
    });
    if (!reply.ok) return reply;
    const { answer, exit } = reply.value;
    switch (answer) {
      case 'root':
      case 'user':
      case 'sudo':
        return ok(exit);
      case 'no-sudo':
        return refuse(`there is no sudo on the host, and ${user} is not root: install sudo, or log in as root`, settle);
      case 'refused':
        return withPassword(link, job, exit.stdout.trim(), settle);
      default:
        return fail(noShell(exit));
    }
  }

  /** sudo wants something. Without it, `auto` goes on as the login user; `sudo` does not. */
  async function withPassword(link: Link, job: Job, complaint: string, settle: Settle): Promise<Result<Exit>> {
    if (/must have a tty/.test(complaint)) {
      return goWithout(
        link,
        job,
        settle,
        `sudo insists on a terminal (requiretty) for ${user}: remove that from sudoers, or log in as root`,
      );
    }
    const password = await askOnce(options.becomePassword);
    if (password === null) {
      return goWithout(
        link,
        job,
        settle,
        `sudo asks ${user} for a password and none was given: set FLEET_BECOME_PASSWORD, type it when a terminal asks, or allow ${user} NOPASSWD in sudoers`,
      );
    }
    const reply = await talk(link, bootPassword(password), job, () => settle({ as: 'sudo-password', password }));
    if (!reply.ok) return reply;
    if (reply.value.answer !== null) return ok(reply.value.exit);
    const said = reply.value.exit.stderr.trim();
    if (/not in the sudoers|not allowed|may not run/i.test(said))
      return goWithout(link, job, settle, `sudo does not let ${user} become root: ${said}`);
    return refuse(wrongPassword(user, reply.value), settle);
  }

  function goWithout(link: Link, job: Job, settle: Settle, why: string): Promise<Result<Exit>> | Result<Exit> {
    if (become === 'sudo') return refuse(why, settle);
    options.onNote?.(`going on without root: ${why}`);
    const without: Mode = { as: 'user', why };
    settle(without);
    return inMode(without, link, job);
  }

  async function inMode(known: Mode, link: Link, job: Job): Promise<Result<Exit>> {
    if (known.as === 'refused') return fail(known.failure);
    const reply = await talk(link, bootIn(known), job, () => {});
    if (!reply.ok) return reply;
    if (reply.value.answer !== null) return ok(reply.value.exit);
    if (known.as === 'root' || known.as === 'user') return fail(noShell(reply.value.exit));
    return fail({ kind: 'sudo-refused', detail: wrongPassword(user, reply.value) });
  }

  return {
    perform,
    isRoot: () => (mode === null ? null : mode.as !== 'user' && mode.as !== 'refused'),
    refusal: () => (mode?.as === 'user' ? mode.why : null),
  };
}

type Settle = (known: Mode) => void;

function refuse(detail: string, settle: Settle): Result<Exit> {
  const failure: Failure = { kind: 'sudo-refused', detail };
  settle({ as: 'refused', failure });
  return fail(failure);
}

function bootIn(mode: Exclude<Mode, { as: 'refused' }>): Boot {
  if (mode.as === 'sudo-password') return bootPassword(mode.password);
  return mode.as === 'sudo' ? bootSudo() : bootDirect();
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

/** One channel, one job, its own time limit. */
async function talk(link: Link, boot: Boot, job: Job, onAnswer: (answer: Answer) => void): Promise<Result<Reply>> {
  using limit = deadline(job.io.signal, job.io.timeoutMs, job.what, 'prepare');
  const opened = await openChannel(link, boot.command, limit.signal);
  if (opened === null) return fail(limit.failure());
  if (!opened.ok) return opened;
  const { channel, release } = opened.value;
  const forget = link.hop.onLost(release);
  channel.on('close', () => {
    forget();
    release();
  });
  const reply = await converse(opened.value, link.hop, boot, job, limit, onAnswer);
  // The other side may never confirm the end of a channel that was given up.
  if (!reply.ok) setTimeout(release, 1000).unref();
  return reply;
}

/** The question belongs to a person, so all hosts share one answer. */
const answers = new WeakMap<ConnectOptions['becomePassword'], Promise<Secret | null>>();
function askOnce(ask: ConnectOptions['becomePassword']): Promise<Secret | null> {
  const answer = answers.get(ask) ?? ask();
  answers.set(ask, answer);
  return answer;
}

function wrongPassword(user: string, { exit, asked }: Reply): string {
  const said = exit.stderr.trim() || exit.stdout.trim();
  const what =
    asked > 1 || /incorrect password|try again/i.test(said)
      ? `sudo did not accept the password of ${user}`
      : `sudo refused ${user}`;
  return `${what}${said === '' ? '' : ` (${said})`}: check FLEET_BECOME_PASSWORD, or allow ${user} NOPASSWD in sudoers, or set become: none`;
}

function noShell(exit: Exit): Failure {
  const said = `${exit.stdout}${exit.stderr}`.trim().slice(0, 200);
  return {
    kind: 'unsupported',
    needs: `a login that runs sh; the host answered with exit status ${exit.code}${said === '' ? '' : `: ${said}`}`,
  };
}
