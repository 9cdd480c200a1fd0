import { kind, resolved } from './kind.ts';

const NAMED = new Set(
  (
    'minutely hourly daily weekly monthly quarterly yearly annually anually semiannually semi-annually biannually ' +
    'bi-annually'
  ).split(' '),
);
const DAYS = 'monday tuesday wednesday thursday friday saturday sunday'.split(' ');
const DAY = new RegExp(`^(?:${DAYS.flatMap((day) => [day, day.slice(0, 3)]).join('|')})(?=$|[-., ])`);

/** A place name such as Europe/Berlin, or short letters such as CET; whether the host knows it is not asked. */
const AREA =
  'africa|america|antarctica|arctic|asia|atlantic|australia|brazil|canada|chile|etc|europe|indian|mexico|pacific|us';
const ZONE = new RegExp(
  String.raw`\s+(zulu|(?:${AREA})(?:/[\w+-]+)+|(?!(?:mon|tue|wed|thu|fri|sat|sun)$)[a-z]{3,4}\d?(?:[a-z]{3})?)$`,
);

type Range = { readonly low: number; readonly high: number };
const YEAR: Range = { low: 1970, high: 2199 };
const MONTH: Range = { low: 1, high: 12 };
const DATE: Range = { low: 1, high: 31 };
/** From the end of a month, which every month must have. */
const LAST: Range = { low: 1, high: 28 };
const HOUR: Range = { low: 0, high: 23 };
const SIXTY: Range = { low: 0, high: 59 };
const SECOND: Range = { low: 0, high: 59.999_999 };

/** `*`, or parts with "," between them: `5`, `1..5`, `0/15`, `1..5/2`. */
function isChain(text: string, { low, high }: Range): boolean {
  if (text === '*') return true;
  const digits = high === SECOND.high ? String.raw`\d+(?:\.\d+)?` : String.raw`\d+`;
  const part = new RegExp(String.raw`^(${digits})(?:\.\.(${digits}))?(?:/(${digits}))?$`);
  return text.split(',').every((one) => {
    const [, from, to, step] = part.exec(one) ?? [];
    if (from === undefined) return false;
    const [first, last] = [from, to ?? from].map((n) => (high === YEAR.high ? fullYear(Number(n)) : Number(n)));
    if (first === undefined || last === undefined || first < low || last > high || first > last) return false;
    if (step === undefined) return true;
    const gap = Number(step);
    return gap > 0 && first + gap <= (to === undefined ? high : last);
  });
}

const fullYear = (year: number) => (year < 70 ? year + 2000 : year < 100 ? year + 1900 : year);

/** Days of the week in front; the rest, or null when they are not written as systemd reads them. */
function withoutDays(text: string): string | null {
  let rest = text;
  for (let open = false, first = true; ; first = false) {
    const found = DAY.exec(rest)?.[0];
    if (found === undefined) return first ? text : null;
    rest = rest.slice(found.length);
    const to = /^(\.\.|-)/.exec(rest)?.[0];
    if (to !== undefined) {
      if (open) return null;
      open = true;
      rest = rest.slice(to.length);
      continue;
    }
    open = false;
    if (rest === '' || rest.startsWith(' ')) return rest.trimStart();
    if (!rest.startsWith(',')) return null;
    rest = rest.slice(1);
    // A comma may end the list.
    if (rest === '' || rest.startsWith(' ')) return rest.trimStart();
  }
}

function isDate(text: string): boolean {
  if (/^@\d+$/.test(text)) return true;
  const [, year, month, sign, day] = /^(?:([^-~]+)-)?([^-~]+)([-~])([^-~]+)$/.exec(text) ?? [];
  return (
    month !== undefined &&
    (year === undefined || isChain(year, YEAR)) &&
    isChain(month, MONTH) &&
    isChain(day ?? '', sign === '~' ? LAST : DATE)
  );
}

function isTime(text: string): boolean {
  const [hour = '', minute, second, ...more] = text.split(':');
  return (
    minute !== undefined &&
    more.length === 0 &&
    isChain(hour, HOUR) &&
    isChain(minute, SIXTY) &&
    (second === undefined || isChain(second, SECOND))
  );
}

/** Whether OnCalendar= takes it: `daily`, `Mon..Fri *-*-* 03:00`, `*:0/15`, with or without a time zone. */
export function isCalendar(text: string): boolean {
  const lower = text.toLowerCase();
  const bare = lower.replace(ZONE, '');
  if (NAMED.has(lower) || NAMED.has(bare)) return true;
  const rest = withoutDays(DAY.test(lower) && withoutDays(lower) === '' ? lower : bare);
  if (rest === null || text === '') return false;
  if (rest === '') return true;
  const [first = '', ...later] = rest.split(/\s+/);
  if (later.length === 0) return isDate(first) || isTime(first);
  return later.length === 1 && !first.startsWith('@') && isDate(first) && isTime(later[0] ?? '');
}

export const calendar = resolved(kind('a calendar expression such as daily, Mon *-*-* 03:00 or *:0/15', isCalendar));
