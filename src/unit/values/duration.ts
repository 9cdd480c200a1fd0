const UNITS: readonly (readonly [seconds: number, names: string])[] = [
  [0.000_001, 'usec us µs μs'],
  [0.001, 'msec ms'],
  [1, 'seconds second sec s'],
  [60, 'minutes minute min m'],
  [3600, 'hours hour hr h'],
  [86_400, 'days day d'],
  [604_800, 'weeks week w'],
  [2_629_800, 'months month M'],
  [31_557_600, 'years year y'],
];

const SECONDS = new Map(UNITS.flatMap(([seconds, names]) => names.split(' ').map((name) => [name, seconds] as const)));

/** Reads a systemd time span: `5min 20s`, `1.5h`, `90`, `infinity`. In seconds; null when systemd would not take it. */
export function parseDuration(text: string): number | null {
  const span = text.trim();
  if (span === 'infinity') return Number.POSITIVE_INFINITY;
  const part = /\s*\+?(\d+(?:\.\d*)?|\.\d+)(\s*)([A-Za-zµμ]*)(\s*)/y;
  let total = 0;
  let gap = true;
  while (part.lastIndex < span.length) {
    const match = part.exec(span);
    if (!match) return null;
    const [, number = '', before = '', unit = '', after = ''] = match;
    const seconds = unit === '' ? 1 : SECONDS.get(unit);
    // `12.34.56` is a typing mistake, `12.34s.56` and `12 34` are not.
    if (seconds === undefined || !gap) return null;
    total += Number(number) * seconds;
    gap = unit !== '' || before !== '' || after !== '';
  }
  // Whole microseconds, as systemd counts, so that 0.1 + 0.2 stays 0.3.
  return span === '' ? null : Math.round(total * 1e6) / 1e6;
}
