const UNITS: readonly (readonly [suffix: string, microseconds: number])[] = [
  ['y', 31_557_600e6],
  ['month', 2_629_800e6],
  ['w', 604_800e6],
  ['d', 86_400e6],
  ['h', 3_600e6],
  ['min', 60e6],
  ['s', 1e6],
  ['ms', 1e3],
  ['us', 1],
];

/** A time as `systemctl show` prints it: `5min`, `1min 30s`, `1.500000s`, `infinity`. */
export function timespan(seconds: number): string {
  if (seconds === Number.POSITIVE_INFINITY) return 'infinity';
  let left = Math.round(seconds * 1e6);
  if (left === 0) return '0';
  const parts: string[] = [];
  for (const [suffix, unit] of UNITS) {
    if (left < unit) continue;
    const whole = Math.floor(left / unit);
    const rest = left % unit;
    // Below a minute systemd goes on behind a point, with all the digits that the unit has.
    if (left < 60e6 && rest > 0) {
      const digits = String(unit).length - 1;
      parts.push(`${whole}.${String(rest).padStart(digits, '0')}${suffix}`);
      break;
    }
    parts.push(`${whole}${suffix}`);
    left = rest;
  }
  return parts.join(' ');
}
