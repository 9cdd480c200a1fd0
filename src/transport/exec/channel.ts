import type { ClientChannel } from 'ssh2';
import { type Exit, fail, ok, type Result } from '../model/outcome.ts';
import { type Answer, type Boot, promptOf } from './boot.ts';
import { type Deadline, onAbort } from './deadline.ts';
import type { Hop } from './hop.ts';
import type { Started } from './link.ts';
import { collector } from './output.ts';
import { bytesOf } from './reveal.ts';
import type { RunIo } from './transport.ts';

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
  readonly exit: Exit;
  /** How often sudo asked for the password. */
  readonly asked: number;
};

/** Bytes of what login scripts print that are searched for our own first line. */
const LONGEST_GREETING = 64 * 1024;
/** After the exit status, a channel that a left-over child keeps open is given up after this much silence. */
const SILENCE_AFTER_EXIT_MS = 3000;

/** Starts the job and follows it to its end. Only a numeric exit status is an end; a closed channel alone is a loss. */
export function converse(
  { channel, ending }: Started,
  hop: Hop,
  boot: Boot,
  job: Job,
  limit: Deadline,
  onAnswer: (answer: Answer) => void,
): Promise<Result<Reply>> {
  return new Promise((resolve) => {
    const { onLine } = job.io;
    const stdout = collector(onLine && ((line) => onLine('stdout', line)));
    const stderr = collector(onLine && ((line) => onLine('stderr', line)));
    let answer: Answer | null = null;
    let head = Buffer.alloc(0);
    let asked = 0;
    const prompts = promptCounter(promptOf(boot));
    let silence: NodeJS.Timeout | undefined;
    let done = false;
    const finish = (result: () => Result<Reply>) => {
      if (done) return;
      done = true;
      clearTimeout(silence);
      stopAbort();
      stopLost();
      resolve(result());
    };
    const reply = (status: number) => {
      if (answer === null) stdout.take(head);
      return ok({ answer, exit: { code: status, stdout: stdout.end(), stderr: stderr.end() }, asked });
    };
    const lost = () =>
      fail({ kind: 'connection-lost', detail: hop.lost() ?? 'the command ended without an exit status' } as const);
    const start = () => {
      channel.write(`${boot.nonce}:${job.go}\n`);
      job.feed(channel);
    };
    const take = (chunk: Buffer) => {
      if (chunk.length === 0) return;
      if (job.onData === undefined || answer === 'refused') stdout.take(chunk);
      else job.onData(chunk);
    };
    const listen = (chunk: Buffer) => {
      head = Buffer.concat([head, chunk]);
      const at = head.indexOf(`${boot.nonce}:`);
      const end = at < 0 ? -1 : head.indexOf('\n', at);
      if (end < 0) {
        head = head.subarray(-LONGEST_GREETING);
        return;
      }
      const [word, group] = head
        .toString('latin1', at + boot.nonce.length + 1, end)
        .trim()
        .split(':');
      answer = word as Answer;
      onAnswer(answer);
      if (Number(group) > 1) job.onGroup?.(Number(group));
      if (boot.password !== null) start();
      take(head.subarray(end + 1));
    };
    const waitForSilence = () => {
      clearTimeout(silence);
      silence = setTimeout(() => channel.close(), SILENCE_AFTER_EXIT_MS);
    };
    channel.on('data', (chunk: Buffer) => {
      if (done) return;
      if (ending.status !== null) waitForSilence();
      if (answer === null) listen(chunk);
      else take(chunk);
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
      channel.signal('TERM');
      channel.close();
      finish(() => fail(limit.failure()));
    });
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
