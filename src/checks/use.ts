import type { Before } from '../model/check.ts';
import { parseDuration } from '../unit/values/duration.ts';
import { sizeParts } from '../unit/values/size.ts';
import { type Finding, type Limits, levelOf, numberIn, reading, shares, sizeInWords } from './judge.ts';

/** What a service uses, and what it may use; null for what is not told, and for a limit that is not set. */
export type Use = {
  /** Bytes, without files that the kernel would give up first. */
  readonly memory: number | null;
  readonly high: number | null;
  readonly max: number | null;
  readonly tasks: number | null;
  readonly tasksMax: number | null;
  /** Share of WatchdogSec= that has gone by since it last told that it lives. */
  readonly watchdog: number | null;
  /** Seconds since it became active. */
  readonly activeFor: number | null;
};

const NOTHING: Use = {
  ...{ memory: null, high: null, max: null, tasks: null, tasksMax: null, watchdog: null, activeFor: null },
};

/** Of what `tell_use` prints, by unit. */
export function parseUses(text: string): ReadonlyMap<string, Use> {
  const uses = new Map<string, Use>();
  const [head = '', ...blocks] = text.split(/^use /m);
  const up = numberIn(/^uptime (\d+)$/m.exec(head)?.[1]);
  const parts = [...text.matchAll(/^part (\d{1,9}) (\d{1,12}) (\d{1,9})$/gm)];
  for (const block of blocks) {
    const unit = block.slice(0, block.indexOf('\n') + 1 || undefined).trim();
    const session = /^Session=(\d+)$/m.exec(block)?.[1];
    const own = parts.filter(([, of]) => of === session);
    const counted = { memory: total(own, 2) * 1024, tasks: total(own, 3) };
    uses.set(unit, session === undefined ? shown(block, up) : { ...NOTHING, ...(own.length > 0 ? counted : {}) });
  }
  return uses;
}

const total = (parts: readonly RegExpExecArray[], at: number) => parts.reduce((sum, part) => sum + Number(part[at]), 0);

/** @param up hundredths of seconds since the host came up */
function shown(block: string, up: number | null): Use {
  // Not told are `[not set]`, `infinity` and 2^64-1, which older systemd prints for both.
  const told = (property: string) => numberIn(new RegExp(`^${property}=(\\d+)$`, 'm').exec(block)?.[1]);
  const current = told('MemoryCurrent');
  const since = (property: string) => {
    const at = told(property) ?? 0;
    return at === 0 || up === null ? null : Math.max(0, up / 100 - at / 1e6);
  };
  const interval = parseDuration(/^WatchdogUSec=(.*)$/m.exec(block)?.[1] ?? '') ?? 0;
  const silent = since('WatchdogTimestampMonotonic');
  const share = silent === null || interval === 0 || !Number.isFinite(interval) ? null : silent / interval;
  return {
    memory: current === null ? null : Math.max(0, current - (told('MemoryCached') ?? 0)),
    high: told('MemoryHigh'),
    max: told('MemoryMax') || null,
    tasks: told('TasksCurrent'),
    tasksMax: told('TasksMax') || null,
    // systemd ends it when all has gone by: more is a clock that ran on while the host slept.
    watchdog: share === null || share > 1 ? null : share,
    activeFor: since('ActiveEnterTimestampMonotonic'),
  };
}

/** How near a service is to MemoryMax, which it is killed at; what is unknown or without a limit is not near it. */
export function memoryFinding(unit: string, use: Use | undefined, percent: Limits): Finding {
  const { memory, high, max } = use ?? NOTHING;
  if (memory === null) return { level: 'ok', text: `${unit}: its memory is unknown` };
  const limits = max === null ? {} : amounts(percent, max);
  return {
    level: levelOf(memory, limits),
    text: memoryInWords(unit, memory, high, max),
    reading: reading(`memory ${unit}`, memory, 'bytes', limits, max),
  };
}

const amounts = ({ warn, critical }: Limits, of: number): Limits => ({
  warn: warn === undefined ? undefined : (warn * of) / 100,
  critical: critical === undefined ? undefined : (critical * of) / 100,
});

/** `xswarm-voice.service 12.8 of 16 GiB (80 %)`; the share is cut, so that it never shows a limit that was not reached. */
function memoryInWords(unit: string, used: number, high: number | null, max: number | null): string {
  const above = high !== null && used > high ? `, above MemoryHigh (${sizeInWords(high)})` : '';
  if (max === null) return `${unit} ${sizeInWords(used)}, no limit${above}`;
  const of = sizeParts(used);
  const amount = of.unit === sizeParts(max).unit ? of.amount : sizeInWords(used);
  return `${unit} ${amount} of ${sizeInWords(max)} (${Math.floor((used * 100) / max)} %)${above}`;
}

export function tasksFinding(unit: string, use: Use | undefined, percent: Limits): readonly Finding[] {
  const { tasks, tasksMax } = use ?? NOTHING;
  if (tasks === null) return [];
  const limits = tasksMax === null ? {} : amounts(percent, tasksMax);
  return [
    {
      level: levelOf(tasks, limits),
      text: `${unit} ${tasks} tasks${tasksMax === null ? '' : ` of ${tasksMax} (TasksMax)`}`,
      reading: reading(`tasks ${unit}`, tasks, 'count', limits, tasksMax),
    },
  ];
}

export function watchdogFinding(unit: string, use: Use | undefined, percent: Limits): readonly Finding[] {
  const share = use?.watchdog ?? null;
  if (share === null) return [];
  const limits = shares(percent);
  return [
    {
      level: levelOf(share, limits),
      text: `${unit} has been silent for ${Math.floor(share * 100)} % of WatchdogSec`,
      reading: reading(`watchdog ${unit}`, share, 'ratio', limits, 1),
    },
  ];
}

const restartsOf = (unit: string) => `restarts ${unit}`;

/** Restarts since an earlier look; null where none is remembered. A counter that fell began anew. */
export function restartsSince(unit: string, restarts: number, before: Before): number | null {
  const last = before(restartsOf(unit));
  if (last === null) return null;
  return restarts < last ? restarts : restarts - last;
}

export function restartsFinding(unit: string, restarts: number, limits: Limits, before: Before): Finding {
  const since = restartsSince(unit, restarts, before);
  return {
    level: since === null ? 'ok' : levelOf(since, limits),
    text: `${unit} was restarted ${since === 1 ? 'once' : `${since ?? 0} times`} since the last look`,
    reading: reading(restartsOf(unit), restarts, 'count'),
  };
}
