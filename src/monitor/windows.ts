import type { Window } from '../model/window.ts';

type Day = { readonly year: number; readonly month: number; readonly day: number };

const MINUTE = 60_000;
const DAY = 86_400_000;

/**
 * Whether a moment is in a window. What the clocks leave out begins and ends an hour later, and of what they show twice
 * all is in it: a window is never lost nor shorter than it says, as is a job that is to run in it.
 */
export function isWithin({ days, from, to, zone }: Window, at: number): boolean {
  const today = localOf(zone, at);
  return [1, 0].some((ago) => {
    const begins = Date.UTC(today.year, today.month - 1, today.day - ago);
    if (days.length > 0 && !days.includes(new Date(begins).getUTCDay())) return false;
    const ends = to > from ? begins : begins + DAY;
    const [first = 0] = instantsOf(zone, begins + from * MINUTE);
    return first <= at && at < Math.max(...instantsOf(zone, ends + to * MINUTE));
  });
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const made =
    formats.get(zone) ??
    new Intl.DateTimeFormat('en', {
      ...{ timeZone: zone, calendar: 'iso8601', numberingSystem: 'latn', hourCycle: 'h23' },
      ...{ year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric', second: 'numeric' },
    });
  formats.set(zone, made);
  return made;
}

function localOf(zone: string, at: number): Day & { readonly shown: number } {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = (
    ['year', 'month', 'day', 'hour', 'minute', 'second'] as const
  ).map((part) => parts.get(part));
  return { year, month, day, shown: Date.UTC(year, month - 1, day, hour, minute, second) };
}

/** What the clocks of a zone are ahead of UTC. */
const offsetAt = (zone: string, at: number) => localOf(zone, at).shown - Math.floor(at / 1000) * 1000;

/** When the clocks of a zone show a time, given as if it were one of UTC: once, or twice when they are put back. */
function instantsOf(zone: string, shown: number): readonly number[] {
  const offsets = [...new Set([offsetAt(zone, shown - DAY), offsetAt(zone, shown + DAY)])];
  const found = offsets.map((offset) => shown - offset).filter((at) => localOf(zone, at).shown === shown);
  // They are put forward past it: as if they had not been yet.
  return found.length > 0 ? found.toSorted((a, b) => a - b) : [shown - (offsets[0] ?? 0)];
}
