import { parseDuration } from '../../values/duration.ts';
import { isWithin, wholeNumber } from '../../values/number.ts';
import { either, kind, matching, oneOf, type ValueKind } from './kind.ts';

export const between = (low: number, high: number, ...words: readonly string[]): ValueKind =>
  kind(
    [`a whole number from ${low} to ${high}`, ...words].join(' or '),
    (value) => words.includes(value) || isWithin(value, low, high),
  );

const UINT = 0xffff_ffff;
/** As much as 64 bits hold. */
const MOST = 2 ** 64;

export const count = kind('a whole number', (value) => isWithin(value, 0, UINT));
export const integer = kind('a whole number', (value) => isWithin(value, -0x8000_0000, 0x7fff_ffff));
export const long = kind('a whole number', (value) => isWithin(value, -MOST / 2, MOST / 2));

const USEC = 1e6;
const spans = (text: string) => {
  const seconds = parseDuration(text);
  return seconds !== null && (seconds === Number.POSITIVE_INFINITY || seconds * USEC < MOST);
};
export const duration = kind('a time such as 90, 5min or 1h 30min', spans);
/** Billionths of a second where no unit is named; `5min` is five minutes here too. */
export const slack = kind('a time such as 50us', (value) => spans(value.replace(/\bn(s|sec)\b/g, 'us')));

const FACTORS = 'BKMGTPE';

/** A size, or several that get smaller: `4G`, `1.5G`, `1G 512M`. */
export function isSize(text: string): boolean {
  if (!/^\+?(\d+(\.\d*)?\s*[BKMGTPE]?\s*)+$/.test(text)) return false;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?)\s*([BKMGTPE]?)/g)].map(([, digits = '0', suffix]) => ({
    bytes: Number(digits) * 1024 ** Math.max(0, FACTORS.indexOf(suffix || 'B')),
    at: suffix === '' ? -1 : FACTORS.indexOf(suffix ?? 'B'),
  }));
  const falling = parts.every(({ at }, i) => i === 0 || at < (parts[i - 1]?.at ?? 99));
  return falling && parts.reduce((sum, { bytes }) => sum + bytes, 0) < MOST;
}

const isNothing = (text: string) => /^\+?0*(\.0*)?\s*[BKMGTPE]?$/.test(text);

export const size = kind('a size such as 512M or 4G', isSize);
/** Of the whole: up to 100, with two digits behind the point. */
const isPart = (text: string) => /^(?:100(\.0*)?|\d{1,2}(?:\.\d{1,2})?)%$/.test(text);

const MEMORY = 'a size such as 512M or 4G, a percentage up to 100%, or infinity';
/** Some memory at least: systemd does not take 0 here. */
export const memory = kind(
  MEMORY,
  (value) => value === 'infinity' || ((isSize(value) || isPart(value)) && !isNothing(value.replace(/%$/, ''))),
);
export const memoryOrNone = kind(`0 or ${MEMORY}`, (value) => value === 'infinity' || isSize(value) || isPart(value));

export const percent = kind(
  'a percentage such as 90% or 200%, above 0',
  (value) => /^\d+(\.\d{1,2})?%$/.test(value) && Number.parseFloat(value) > 0 && Number.parseFloat(value) < 1e7,
);
export const part = kind('a percentage up to 100%', isPart);
export const tasks = kind('a whole number above 0, a percentage up to 100%, or infinity', (value) => {
  const number = wholeNumber(value);
  return (
    value === 'infinity' || (number !== null ? number > 0 && number < MOST : isPart(value) && !/^0*%$/.test(value))
  );
});

const softHard = (expected: string, takes: (value: string) => boolean): ValueKind =>
  kind(`${expected}, infinity, or two of them as soft:hard`, (value) => {
    const parts = value.split(':');
    return parts.length <= 2 && parts.every((one) => one === 'infinity' || takes(one));
  });
export const limitSize = softHard('a size', isSize);
export const limitCount = softHard('a whole number', (value) => isWithin(value, 0, MOST));
export const limitTime = softHard('a time', spans);
const isNice = (value: string) => (/^[+-]/.test(value) ? isWithin(value, -20, 19) : isWithin(value, 0, 40));
export const limitNice = kind(
  'a nice level such as +5, a number from 0 to 40, or two of them as soft:hard',
  (value) => /^[^:]+(:[^:]+)?$/.test(value) && value.split(':').every(isNice),
);

export const mode = matching('an octal mode such as 0027', /^0*[0-7]{1,4}$/);

const MOST_CPUS = 8192;
function isProcessors(text: string): boolean {
  const words = text
    .replace(/^(["'])(.*)\1$/, '$2')
    .split(/[\s,]+/)
    .filter((word) => word !== '');
  return words.every((word) => {
    const [low = '', high = low, ...more] = word.split('-');
    const [from, to] = [wholeNumber(low), wholeNumber(high)];
    return more.length === 0 && from !== null && to !== null && from <= to && from >= 0 && to < MOST_CPUS;
  });
}
export const processors = kind('a list of CPUs such as 0-3 6', isProcessors);
export const affinity = either(`${processors.expected}, or numa`, processors, oneOf('numa'));
export const nodes = either(`${processors.expected}, or all`, processors, oneOf('all'));
export const pressureTime = kind(
  'a time of at least 1s, and not infinity',
  (value) => spans(value) && (parseDuration(value) ?? 0) >= 1 && value !== 'infinity',
);
