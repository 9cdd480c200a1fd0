import { resolve } from 'node:path';
import type { Writable } from 'node:stream';
import type { LogOptions } from '../../library/commands/logs.ts';
import { writeAnew } from '../../local/log-file.ts';
import { type LogFormat, logLine, logNews, outputLost } from '../../output/messages/logs.ts';
import { explainOutcome } from '../../output/messages/outcome.ts';
import { wantsColour } from '../../output/text/paint.ts';
import { sinkTo } from '../../output/text/sink.ts';
import { clean } from '../../util/sanitize.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { endOf, type Look } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';

export type LogFlags = HostFlags & {
  readonly follow?: boolean;
  readonly lines?: number;
  readonly since?: string;
  readonly until?: string;
  readonly priority?: string;
  readonly grep?: string;
  readonly boot?: string | boolean;
  readonly invocation?: string;
  readonly generation?: number;
  readonly format: LogFormat;
  readonly output?: string;
};

/** `fleet logs`: what services have said, of all selected hosts in the order of time. @throws Refusal */
export async function logs(units: readonly string[], flags: LogFlags, context: CliContext): Promise<number> {
  const { stdout, stderr, invoker, signal } = context;
  const follow = flags.follow === true;
  const format = flags.json ? 'json' : flags.format;
  const leave = new AbortController();
  const colour = flags.output === undefined && wantsColour(invoker.env, stdout.isTTY === true);
  let out: Output | null = null;
  let code = 0;
  const look: Look = {
    reads: true,
    ...(flags.json ? {} : { silent: true, format: () => '' }),
    async end(usual) {
      const trouble = (await out?.close()) ?? null;
      if (trouble !== null) stderr.write(`${clean(outputLost(flags.output ?? null, trouble))}\n`);
      code = trouble !== null && (usual === 0 || usual === 3) ? 1 : usual;
      return code;
    },
  };
  const summary = await endOf(look, flags, context, async ({ fleet, options, about }) => {
    const to = await openOutput(flags.output, context, () => leave.abort());
    out = to;
    // Who has read enough of past lines ends the loop with the next one.
    const either = follow ? AbortSignal.any([signal, leave.signal]) : signal;
    const stream = fleet.logs({ ...options, ...wantedOf(flags), units, follow, signal: either });
    let layout: { readonly width: number; readonly several: boolean; readonly colour: boolean } | null = null;
    try {
      for await (const entry of stream) {
        if (leave.signal.aborted) break;
        const { host, app } = entry;
        if (entry.type === 'news') {
          stderr.write(`${clean(logNews(host, entry.news))}\n`);
          continue;
        }
        const { hosts } = about();
        layout ??= {
          width: Math.max(0, ...hosts.map((one) => one.host.length)),
          several: new Set(hosts.map((one) => one.app)).size > 1,
          colour,
        };
        const { line, late } = entry;
        if (!to.write(logLine({ host, app, line, late }, format, layout))) await to.drained();
      }
      return await stream.ended;
    } finally {
      await to.close();
    }
  });
  if (flags.json) return code;
  for (const { host, app, outcome } of summary.hosts) {
    const why = explainOutcome(outcome, { hosts: [host], app });
    if (why !== null) stderr.write(`${clean(`${host}: ${[why.what, ...why.fix].join('. ')}`)}\n`);
  }
  return code;
}

/** What the flags say. */
function wantedOf({ lines, since, until, priority, grep, boot, invocation, generation }: LogFlags): LogOptions {
  return {
    ...(lines === undefined ? {} : { last: lines }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(priority === undefined ? {} : { priority }),
    ...(grep === undefined ? {} : { grep }),
    ...(boot === undefined || boot === false ? {} : { boot: boot === true ? '0' : String(boot) }),
    ...(invocation === undefined ? {} : { invocation }),
    ...(generation === undefined ? {} : { generation }),
  };
}

type Output = {
  /** False: whoever reads is slower, and is waited for by `drained`. */
  readonly write: (text: string) => boolean;
  readonly drained: () => Promise<void>;
  /** Why it does not have all of it, or null; a reader who has gone wanted no more. */
  readonly close: () => Promise<string | null>;
};

/** Where lines go. @param gone called when nothing more can be written @throws UsageError */
async function openOutput(file: string | undefined, context: CliContext, gone: () => void): Promise<Output> {
  const stream = file === undefined ? context.stdout : await opened(file, context);
  let trouble: string | null = null;
  let open = true;
  const over = new Promise<void>((done) => {
    const end = (error?: NodeJS.ErrnoException) => {
      if (open && error !== undefined && error.code !== 'EPIPE') trouble = error.message;
      open = false;
      gone();
      done();
    };
    stream.on('error', end);
    stream.on('close', () => end());
  });
  return {
    write: (text) => !open || stream.write(text),
    drained: () => Promise.race([over, new Promise<void>((done) => stream.once('drain', done))]),
    async close() {
      // Standard output goes on; what was written to it has left, or failed, by then.
      if (file !== undefined && open && !(stream as Writable).writableEnded) stream.end();
      await (file === undefined ? sinkTo(stream).flush() : over);
      return trouble;
    },
  };
}

/** @throws UsageError */
async function opened(file: string, { invoker }: CliContext): Promise<Writable> {
  try {
    return await writeAnew(resolve(invoker.cwd, file));
  } catch (error) {
    throw new UsageError(`--output ${file} cannot be written: ${(error as Error).message}\nno host was contacted`);
  }
}
