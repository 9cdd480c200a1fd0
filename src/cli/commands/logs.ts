import { createWriteStream } from 'node:fs';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hostLogs } from '../../engine/logs/follow.ts';
import { merger, type Told } from '../../engine/logs/merge.ts';
import type { Wanted } from '../../engine/logs/read.ts';
import { matchUnits } from '../../host/own-units.ts';
import { generationId } from '../../model/ids.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { type LogFormat, logLine, logNews } from '../../output/messages/logs.ts';
import { explainOutcome } from '../../output/messages/outcome.ts';
import { noSuchUnit } from '../../output/messages/work.ts';
import { clean } from '../../util/sanitize.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { exitCode } from '../exit-code.ts';
import { openFleet } from '../fleet-command.ts';
import { UsageError } from '../refusal.ts';
import { survey } from '../survey.ts';

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

/** Milliseconds that a line may wait for older ones of other hosts, while new ones are waited for. */
const HOLD_BACK = 1500;
const MOST_HOSTS = 1000;
/** Lines of a host where nothing says how many. */
const USUAL = 100;

/** `fleet logs`: what services have said, of all selected hosts in the order of time. @throws UsageError */
export async function logs(words: readonly string[], flags: LogFlags, context: CliContext): Promise<number> {
  const follow = flags.follow === true;
  const wanted = wantedOf(flags);
  if (follow && wanted.until !== null) throw new UsageError('--follow has no end, and --until is one: leave one out');
  const format = flags.json ? 'json' : flags.format;
  const fleet = await openFleet(
    { name: 'logs', verb: 'Read', kind: 'reads', inputs: 'skip', reads: true, silent: flags.json !== true },
    // Each waits for the others: none may wait for a place.
    { ...flags, parallel: Math.max(flags.parallel, MOST_HOSTS) },
    context,
  );
  const { found, failed } = await survey(fleet);
  const units = new Map(
    [...found].map(([target, own]) => [target, matchUnits(words.length === 0 ? ['*'] : words, own)]),
  );
  const unmatched = words.filter((word) => [...units.values()].every((one) => one.unmatched.includes(word)));
  if (found.size > 0 && unmatched.length > 0)
    throw new UsageError(
      noSuchUnit(
        unmatched,
        [...found.values()].flatMap((own) => own.units),
      ),
    );

  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const out = output(flags.output, context, () => stop.abort());
  const width = Math.max(0, ...fleet.targets.map(({ host }) => host.length));
  const several = new Set(fleet.targets.map(({ app }) => app)).size > 1;
  const colour = flags.output === undefined && context.stdout.isTTY === true && !context.invoker.env.NO_COLOR;
  const merge = merger(fleet.targets, follow ? HOLD_BACK : Number.POSITIVE_INFINITY);
  const show = ({ source: { host, app }, line, late }: Told<HostTarget>) =>
    out.write(logLine({ host, app, line, late }, format, { width, several, colour }));
  let ended = false;
  const pump = async () => {
    while (!ended || merge.waiting()) {
      const told = merge.next(ended ? Number.POSITIVE_INFINITY : Date.now());
      if (told === null) await sleep(50);
      else if (!show(told)) await out.drained();
      if (stop.signal.aborted) return;
    }
  };
  const pumping = pump();
  const results = await fleet.look(async (target, run): Promise<HostOutcome> => {
    try {
      const unseen = failed.get(target);
      if (unseen !== undefined) return unseen;
      const own = units.get(target)?.units ?? [];
      if (own.length === 0) return { end: 'done', generation: generationId(0), work: { kind: 'lines', lines: 0 } };
      const sink = {
        lines: (lines: Parameters<typeof merge.push>[1]) => merge.push(target, lines, Date.now()),
        news: (news: Parameters<typeof logNews>[1]) => context.stderr.write(`${clean(logNews(target.host, news))}\n`),
      };
      return await hostLogs(target, own, wanted, follow, sink, { ...run, signal });
    } finally {
      merge.end(target);
    }
  });
  ended = true;
  await pumping;
  await out.close();
  if (flags.json) return fleet.finish(results);
  for (const { host, app, outcome } of results) {
    const why = explainOutcome(outcome, { hosts: [host], app });
    if (why !== null) context.stderr.write(`${clean(`${host}: ${[why.what, ...why.fix].join('. ')}`)}\n`);
  }
  return exitCode(
    results.map(({ outcome }) => outcome),
    context.signal.aborted && !follow,
  );
}

const PRIORITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

/** @throws UsageError */
function wantedOf(flags: LogFlags): Wanted {
  const { since, until, priority, grep, invocation, generation } = flags;
  const boot = flags.boot === true ? '0' : typeof flags.boot === 'string' ? flags.boot : null;
  if (priority !== undefined && !priority.split('..').every(isPriority))
    throw new UsageError(`--priority must be one of ${PRIORITIES.join(', ')}, or 0 to 7, or a range such as 0..3`);
  if (boot !== null && !/^([+-]?\d+|[0-9a-f]{32})$/.test(boot))
    throw new UsageError('--boot must be 0 for the present one, -1 for the one before, or an id');
  if (invocation !== undefined && !/^(last|[0-9a-f]{32})$/.test(invocation))
    throw new UsageError('--invocation must be last, or an id');
  const narrowed = [since, until, grep, invocation, generation, boot ?? undefined].some((one) => one !== undefined);
  return {
    last: flags.lines ?? (narrowed && flags.follow !== true ? null : flags.follow === true ? 10 : USUAL),
    since: since === undefined ? null : timeOf(since, '--since'),
    until: until === undefined ? null : timeOf(until, '--until'),
    priority: priority ?? null,
    grep: grep ?? null,
    boot,
    invocation: invocation ?? null,
    generation: generation ?? null,
  };
}

const isPriority = (word: string) => /^[0-7]$/.test(word) || (PRIORITIES as readonly string[]).includes(word);

/** As the host's journalctl takes it: `10m` is ten minutes ago, whatever time it is there. @throws UsageError */
function timeOf(text: string, flag: string): string {
  if (/^\d+(s|m|min|h|d|w)$/.test(text)) return `-${text}`;
  const iso = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z?)$/.exec(text);
  if (iso !== null) return `${iso[1]} ${iso[2]}${iso[3] === '' ? '' : ' UTC'}`;
  if (/^(\d{4}-\d\d-\d\d|\d\d:\d\d(:\d\d)?|today|yesterday|now|@\d+)$/.test(text)) return text;
  throw new UsageError(`${flag} must be a time ago such as 10m or 2h, or a moment such as 2026-12-24T08:00Z`);
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
