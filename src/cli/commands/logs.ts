import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import type { LogOptions } from '../../library/commands/logs.ts';
import { exitCode } from '../../library/exit-code.ts';
import { type LogFormat, logLine, logNews } from '../../output/messages/logs.ts';
import { explainOutcome } from '../../output/messages/outcome.ts';
import { clean } from '../../util/sanitize.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { endOf, type Look } from '../fleet-command.ts';

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
  const out = output(flags.output, context, () => leave.abort());
  const colour = flags.output === undefined && stdout.isTTY === true && !invoker.env.NO_COLOR;
  const look: Look = { reads: true, ...(flags.json ? {} : { silent: true, format: () => '' }) };
  const summary = await endOf(look, flags, context, async ({ fleet, options, about }) => {
    const either = AbortSignal.any([signal, leave.signal]);
    const stream = fleet.logs({ ...options, ...wantedOf(flags), units, follow, signal: either });
    let layout: { readonly width: number; readonly several: boolean; readonly colour: boolean } | null = null;
    for await (const entry of stream) {
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
      if (!out.write(logLine({ host, app, line, late }, format, layout))) await out.drained();
    }
    await out.close();
    return stream.ended;
  });
  if (flags.json) return summary.exitCode;
  for (const { host, app, outcome } of summary.hosts) {
    const why = explainOutcome(outcome, { hosts: [host], app });
    if (why !== null) stderr.write(`${clean(`${host}: ${[why.what, ...why.fix].join('. ')}`)}\n`);
  }
  const outcomes = summary.hosts.map(({ outcome }) => outcome);
  return exitCode(outcomes, signal.aborted && !follow);
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

/** Where lines go: whoever writes too fast for the reader waits; a reader who has gone ends it. */
function output(file: string | undefined, { stdout, invoker }: CliContext, gone: () => void) {
  const stream = file === undefined ? stdout : createWriteStream(resolve(invoker.cwd, file), { mode: 0o600 });
  let open = true;
  const failed = new Promise<void>((done) => {
    const end = () => {
      open = false;
      gone();
      done();
    };
    stream.on('error', end);
    stream.on('close', end);
  });
  return {
    write: (text: string) => !open || stream.write(text),
    drained: () => Promise.race([failed, new Promise<void>((done) => stream.once('drain', done))]),
    close: () =>
      new Promise<void>((done) => {
        if (file === undefined || !open) done();
        else (stream as NodeJS.WritableStream).end(() => done());
      }),
  };
}
