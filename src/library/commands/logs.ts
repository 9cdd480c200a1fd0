import { setTimeout as sleep } from 'node:timers/promises';
import { hostLogs } from '../../engine/logs/follow.ts';
import { merger } from '../../engine/logs/merge.ts';
import type { Wanted } from '../../engine/logs/read.ts';
import type { HostRun } from '../../engine/run.ts';
import { generationId, type HostName } from '../../model/ids.ts';
import type { LogLine, LogNews } from '../../model/log-line.ts';
import type { HostOutcome } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { onAbort } from '../../util/async.ts';
import type { Chosen } from '../choose.ts';
import { exitCode } from '../exit-code.ts';
import { Refusal } from '../refusal.ts';
import type { Reading } from '../stream.ts';
import { survey } from './survey.ts';

/** Which lines; the hosts themselves look for them. */
export type LogOptions = {
  /** Units of the active generations, by name or glob; all of them where none is named. */
  readonly units?: readonly string[];
  /** Goes on with what comes, over lost links and reboots, until the reader leaves or the signal. */
  readonly follow?: boolean;
  /** The last so many of each host: 100 unless told; 10 with `follow`; all where something says from when on, or `grep` which. */
  readonly last?: number;
  /** A time ago such as `10m`, or a moment such as `2026-12-24T08:00Z`. */
  readonly since?: string;
  /** Until then, written like `since`. */
  readonly until?: string;
  /** At least so bad: `err`, `warning` … or 0 to 7; or a range such as `0..3`. */
  readonly priority?: string;
  /** A regular expression. */
  readonly grep?: string;
  /** Since a start of the host: 0 the present one, -1 the one before, or an id. */
  readonly boot?: string;
  /** Of one run of each service: `last`, or an id. */
  readonly invocation?: string;
  /** While this generation was live. */
  readonly generation?: number;
};

/** A line, in the order of time over all hosts; or what there is to know of a host besides. */
export type LogEntry = { readonly host: HostName; readonly app: string } & (
  | { readonly type: 'line'; readonly line: LogLine /** A younger one was told before it. */; readonly late: boolean }
  | { readonly type: 'news'; readonly news: LogNews }
);

/** Milliseconds that a line may wait for older ones of other hosts, while new ones are waited for. */
const HOLD_BACK = 1500;

/** What services have said. Nothing is read ahead of a slow reader but a bounded number of lines of each host. @throws Refusal */
export async function logs(chosen: Chosen, options: LogOptions, stop: AbortSignal): Promise<Reading<LogEntry>> {
  const { follow = false, units: words = [] } = options;
  const wanted = wantedOf(options);
  const { units, failed } = await survey(chosen, words.length === 0 ? ['*'] : words);
  const signal = AbortSignal.any([chosen.signal, stop]);
  const merge = merger(chosen.targets, follow ? HOLD_BACK : Number.POSITIVE_INFINITY);
  // Who has more to say waits for room no longer.
  onAbort(stop, () => chosen.targets.forEach(merge.end));
  const news: LogEntry[] = [];
  const read = async (target: HostTarget, run: HostRun): Promise<HostOutcome> => {
    const unseen = failed.get(target);
    if (unseen !== undefined) return unseen;
    const own = units.get(target) ?? [];
    if (own.length === 0) return { end: 'done', generation: generationId(0), work: { kind: 'lines', lines: 0 } };
    const { host, app } = target;
    const sink = {
      lines: (lines: readonly LogLine[]) => merge.push(target, lines, Date.now()),
      news: (one: LogNews) => void news.push({ host, app, type: 'news', news: one }),
    };
    return hostLogs(target, own, wanted, follow, sink, { ...run, signal });
  };
  let over = false;
  const ended = chosen
    .look((target, run) => read(target, run).finally(() => merge.end(target)))
    .finally(() => {
      over = true;
    });
  async function* entries(): AsyncGenerator<LogEntry, void, void> {
    while (!over || news.length > 0 || merge.waiting()) {
      const first = news.shift();
      const told = first === undefined ? merge.next(over ? Number.POSITIVE_INFINITY : Date.now()) : null;
      if (first !== undefined) yield first;
      else if (told === null) await sleep(50);
      else {
        const { source, line, late } = told;
        yield { host: source.host, app: source.app, type: 'line', line, late };
      }
    }
  }
  const end = async () => {
    const results = await ended;
    // A signal, or leaving, is how one ends to follow: how the hosts fared counts.
    const followed = () =>
      exitCode(
        results.map(({ outcome }) => outcome),
        false,
      );
    return chosen.finish(results, follow ? followed : undefined);
  };
  return { entries: entries(), end };
}

/** Lines of a host where nothing says how many. */
const USUAL = 100;
const PRIORITIES = ['emerg', 'alert', 'crit', 'err', 'warning', 'notice', 'info', 'debug'] as const;

/** @throws Refusal */
function wantedOf(options: LogOptions): Wanted {
  const { follow = false, last, since, until, priority, grep, boot, invocation, generation } = options;
  if (follow && until !== undefined) throw new Refusal('to follow has no end, and until is one: leave one out');
  if (priority !== undefined && !(priority.split('..').length <= 2 && priority.split('..').every(isPriority)))
    throw new Refusal(`the priority must be one of ${PRIORITIES.join(', ')}, or 0 to 7, or a range such as 0..3`);
  if (boot !== undefined && !/^([+-]?\d+|[0-9a-f]{32})$/.test(boot))
    throw new Refusal('the boot must be 0 for the present one, -1 for the one before, or an id');
  if (invocation !== undefined && !/^(last|[0-9a-f]{32})$/.test(invocation))
    throw new Refusal('the invocation must be last, or an id');
  // They say where it begins; the others only what is left out.
  const bounded = [since, boot, invocation, generation].some((one) => one !== undefined);
  const all = bounded || (!follow && (until !== undefined || grep !== undefined));
  return {
    last: last ?? (all ? null : follow ? 10 : USUAL),
    since: since === undefined ? null : timeOf(since, 'since'),
    until: until === undefined ? null : timeOf(until, 'until'),
    priority: priority === undefined ? null : rangeOf(priority),
    grep: grep ?? null,
    boot: boot ?? null,
    invocation: invocation ?? null,
    generation: generation ?? null,
  };
}

/** As a range of numbers: one word is all that is at least so bad. */
function rangeOf(priority: string): string {
  const [first = '', second] = priority.split('..');
  const levels = [first, second ?? '0'].map((word) =>
    /^\d$/.test(word) ? Number(word) : PRIORITIES.indexOf(word as Priority),
  );
  return `${Math.min(...levels)}..${Math.max(...levels)}`;
}

type Priority = (typeof PRIORITIES)[number];

const isPriority = (word: string) => /^[0-7]$/.test(word) || (PRIORITIES as readonly string[]).includes(word);

/** As the host's journalctl takes it: `10m` is ten minutes ago, whatever time it is there. @throws Refusal */
function timeOf(text: string, name: string): string {
  if (/^\d+(s|m|min|h|d|w)$/.test(text)) return `-${text}`;
  const iso = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:\.\d+)?(Z?)$/.exec(text);
  if (iso !== null) return `${iso[1]} ${iso[2]}${iso[3] === '' ? '' : ' UTC'}`;
  if (/^(\d{4}-\d\d-\d\d|\d\d:\d\d(:\d\d)?|today|yesterday|now|@\d+)$/.test(text)) return text;
  throw new Refusal(`${name} must be a time ago such as 10m or 2h, or a moment such as 2026-12-24T08:00Z`);
}
