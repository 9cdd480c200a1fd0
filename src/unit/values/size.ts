const FACTORS = ' KMGTPE';

/** Bytes of `512M`, `1.5G` or a bare number, as systemd counts; null for a share, infinity and anything else. */
export function parseSize(text: string): number | null {
  const [, digits, suffix = ''] = /^(\d+(?:\.\d*)?)\s*([BKMGTPE]?)$/.exec(text) ?? [];
  if (digits === undefined) return null;
  return Math.floor(Number(digits) * 1024 ** Math.max(0, FACTORS.indexOf(suffix || ' ')));
}

/** The largest unit that a size reaches ('' for bytes), with one digit behind the point where needed. */
export function sizeParts(bytes: number): { readonly amount: number; readonly unit: string } {
  const power = Math.min(6, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  return { amount: Math.round((bytes / 1024 ** power) * 10) / 10, unit: FACTORS.charAt(power).trim() };
}

/** `48G`, `1.5G` */
export function sizeText(bytes: number): string {
  const { amount, unit } = sizeParts(bytes);
  return `${amount}${unit}`;
}
