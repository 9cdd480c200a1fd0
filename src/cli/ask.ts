import { createInterface, type Interface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { decode } from '../env/text.ts';
import { isValue } from '../env/value.ts';
import { Secret } from '../model/secret.ts';
import type { RunReporter } from '../output/reporter.ts';
import type { CliContext } from './context.ts';
import { UsageError } from './refusal.ts';

const canAsk = (context: CliContext) => context.stdin.isTTY === true && context.stderr.isTTY === true;

/** Asks on the terminal without echo; null where there is none, and when the question was left by Ctrl-C or Ctrl-D. */
export async function askSecret(question: string, name: string, context: CliContext): Promise<Secret | null> {
  if (!canAsk(context)) return null;
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: context.stdin, output: silent, terminal: true, historySize: 0 });
  context.stderr.write(question);
  const answer = await answerTo(lines, '', context);
  if (!context.signal.aborted) context.stderr.write('\n');
  return answer === null ? null : new Secret(name, answer);
}

/** More than any value of an environment. */
const MOST = 1024 * 1024;

/**
 * A value that comes on standard input, without the line feed at its end; null where nothing comes.
 * @throws UsageError where it is no text that an environment can hold
 */
export async function readSecretInput(name: string, { stdin }: CliContext): Promise<Secret | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    size += chunk.length;
    if (size > MOST) throw new UsageError(`the value of ${name} is larger than 1 MB`);
    chunks.push(Buffer.from(chunk));
  }
  const text = decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
  if (text.includes('\uFFFD') || !isValue(text))
    throw new UsageError(`the value of ${name} is no text that an environment can hold: nothing was changed`);
  return text === '' ? null : new Secret(name, text);
}

/** Asks for a line of text; null where there is no terminal, and when the question was left by Ctrl-C or Ctrl-D. */
export async function askText(question: string, context: CliContext): Promise<string | null> {
  if (!canAsk(context)) return null;
  const lines = createInterface({ input: context.stdin, output: context.stderr });
  return (await answerTo(lines, question, context))?.trim() ?? null;
}

async function answerTo(lines: Interface, question: string, context: CliContext): Promise<string | null> {
  // While a line is read the terminal sends no signal for Ctrl-C: readline alone hears of it.
  lines.on('SIGINT', () => {
    context.stderr.write('\n');
    context.interrupt();
  });
  const closed = new Promise<null>((resolve) => lines.once('close', () => resolve(null)));
  const answer = lines.question(question, { signal: context.signal }).catch(() => null);
  try {
    return await Promise.race([answer, closed]);
  } finally {
    lines.close();
  }
}

/** Runs one use of the terminal when those before it have ended. */
export type Turn = <T>(use: () => Promise<T>) => Promise<T>;

/** Turns at the terminal, the live view taken away for each. */
export function turns(view: Pick<RunReporter, 'suspend' | 'resume'>): Turn {
  let last: Promise<unknown> = Promise.resolve();
  return (use) => {
    const turn = last.then(async () => {
      view.suspend();
      try {
        return await use();
      } finally {
        view.resume();
      }
    });
    last = turn.catch(() => {});
    return turn;
  };
}

/** Asks a yes-or-no question; anything but yes is no, and so is a missing terminal. */
export const confirm = async (question: string, context: CliContext): Promise<boolean> =>
  /^y(es)?$/i.test((await askText(`${question} [y/N] `, context)) ?? '');
