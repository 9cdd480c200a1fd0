import type { ClientChannel } from 'ssh2';
import { fail, ok, type Result } from '../../model/outcome.ts';
import { onAbort } from '../../util/async.ts';
import { bytesOf } from '../auth/reveal.ts';
import type { Deadline } from '../deadline.ts';
import type { Hop } from '../ssh2/hop.ts';
import type { Started } from '../ssh2/link.ts';
import type { RunIo } from '../transport.ts';
import { type Answer, type Boot, begunLine, isRefusal, promptOf } from './boot.ts';
import { collector } from './output.ts';

/** What is to happen on the host, in the shell that a `Boot` opened. */
export type Job = {
  /** One line of shell; the rest of standard input is its own. */
  readonly go: string;
  /** Sends the rest of standard input; called once, when the host is ready for it. */
  readonly feed: (stdin: ClientChannel) => void;
  /** Takes standard output as it comes, in place of keeping it. */
  readonly onData?: (chunk: Buffer) => void;
  /** Hears the process group that the job runs in. */
  readonly onGroup?: (group: number) => void;
  readonly io: RunIo;
  /** Names the job when it takes too long. */
  readonly what: string;
};

export type Reply = {
  /** null when the host never got as far as to answer. */
  readonly answer: Answer | null;
  /** Whether the job reached the shell that answered. */
  readonly begun: boolean;
  /** What the host said before that, beside what is ours. */
  readonly greeting: string;
  /** Exit status; null where the host was given up because it did not answer, or did not take the job. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** How often sudo asked for the password. */
  readonly asked: number;
};

/** Bytes of what login scripts print that are searched for our own first line. */
const LONGEST_GREETING = 64 * 1024;
/**
 * How long a login that was never seen to work may take until it answers, and then until it takes the job, in
 * milliseconds. Both go out at once, so that the second takes a round trip at most.
 */
const PATIENCE = { answer: 30_000, begin: 10_000 };
/** After the exit status, a channel that a left-over child keeps open is given up after this much silence. */
const SILENCE_AFTER_EXIT_MS = 3000;

/**
 * Starts the job and follows it to its end. Only a numeric exit status is an end; a closed channel alone is a loss.
 * @param proven whether the login is known to work, so that the job's own limit is all that it has to keep
 */
export function runOnChannel(
  { channel, ending }: Started,
  hop: Hop,
  boot: Boot,
  job: Job,
  limit: Deadline,
  proven: boolean,
  onAnswer: (answer: Answer) => void,
): Promise<Result<Reply>> {
  return new Promise((resolve) => {
    const { onLine } = job.io;
    const stdout = collector(onLine && ((line) => onLine('stdout', line)));
    const stderr = collector(onLine && ((line) => onLine('stderr', line)));
    let answer: Answer | null = null;
    let begun = false;
    let greeting = '';
    let head = Buffer.alloc(0);
    let asked = 0;
    const prompts = promptCounter(promptOf(boot));
    let silence: NodeJS.Timeout | undefined;
    let patience: NodeJS.Timeout | undefined;
    let done = false;
    const finish = (result: () => Result<Reply>) => {
      if (done) return;
      done = true;
      clearTimeout(silence);
      clearTimeout(patience);
      stopAbort();
      stopLost();
      resolve(result());
    };
    const reply = (status: number | null) => {
      if (answer === null) greeting = head.toString('utf8');
      return ok({ answer, begun, greeting, status, stdout: stdout.end(), stderr: stderr.end(), asked });
    };
    const lost = () =>
      fail({ kind: 'connection-lost', detail: hop.lost() ?? 'the command ended without an exit status' } as const);
    const hangUp = () => {
      channel.signal('TERM');
      channel.close();
    };
    const waitFor = (ms: number) => {
      clearTimeout(patience);
      if (proven || done) return;
      patience = setTimeout(() => {
        hangUp();
        finish(() => reply(null));
      }, ms);
    };
    const start = () => {
      channel.write(`${boot.nonce}:${job.go}\n`);
      job.feed(channel);
    };
    const take = (chunk: Buffer) => {
      if (chunk.length === 0) return;
      if (job.onData === undefined || (answer !== null && isRefusal(answer))) stdout.take(chunk);
      else job.onData(chunk);
    };
    /** Takes our own lines out of what comes; what is before them is noise, what comes after them is the job's. */
    const awaitBegin = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      if (answer === null) readAnswer();
      const line = begunLine(boot);
      const at = answer === null ? -1 : head.indexOf(line);
      if (answer !== null && isRefusal(answer)) pass(head);
      else if (at >= 0) pass(head.subarray(at + line.length));
      else head = head.subarray(-LONGEST_GREETING);
    };
    const readAnswer = () => {
      const at = head.indexOf(`${boot.nonce}:`);
      const end = at < 0 ? -1 : head.indexOf('\n', at);
      if (end < 0) return;
      const [word, group] = head
        .toString('latin1', at + boot.nonce.length + 1, end)
        .trim()
        .split(':');
      greeting = head.toString('utf8', 0, at);
      head = head.subarray(end + 1);
      answer = word as Answer;
      onAnswer(answer);
      if (Number(group) > 1) job.onGroup?.(Number(group));
      waitFor(PATIENCE.begin);
      if (boot.password !== null) start();
    };
    const pass = (rest: Buffer) => {
      begun = true;
      clearTimeout(patience);
      take(rest);
    };
    const waitForSilence = () => {
      clearTimeout(silence);
      silence = setTimeout(() => channel.close(), SILENCE_AFTER_EXIT_MS);
    };
    channel.on('data', (chunk: Buffer) => {
      if (done) return;
      if (ending.status !== null) waitForSilence();
      if (begun) take(chunk);
      else awaitBegin(chunk);
    });
    channel.stderr.on('data', (chunk: Buffer) => {
      if (done) return;
      asked += prompts(chunk);
      stderr.take(withoutPrompts(chunk, promptOf(boot)));
      if (asked < 2 || answer !== null) return;
      channel.close();
      finish(() => reply(1));
    });
    const closed = () => finish(() => (ending.status === null || hop.lost() !== null ? lost() : reply(ending.status)));
    channel.on('exit', waitForSilence);
    channel.on('close', closed);
    const stopLost = hop.onLost(() => finish(lost));
    const stopAbort = onAbort(limit.signal, () => {
      hangUp();
      finish(() => fail(limit.failure()));
    });
    waitFor(PATIENCE.answer);
    if (ending.status !== null) waitForSilence();
    if (ending.closed) closed();
    else if (boot.password === null) start();
    else channel.write(Buffer.concat([bytesOf(boot.password), Buffer.from('\n')]));
  });
}

function withoutPrompts(chunk: Buffer, prompt: string): Buffer {
  return chunk.includes(prompt) ? Buffer.from(chunk.toString('latin1').replaceAll(prompt, ''), 'latin1') : chunk;
}

/** Counts prompts in a stream, also one that was split over two chunks. */
function promptCounter(prompt: string): (chunk: Buffer) => number {
  let tail = '';
  return (chunk) => {
    const parts = (tail + chunk.toString('latin1')).split(prompt);
    tail = (parts.at(-1) ?? '').slice(1 - prompt.length);
    return parts.length - 1;
  };
}
