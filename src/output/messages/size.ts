import type { Reading } from '../../model/reading.ts';

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** Bytes as people say them: `512 B`, `12.5 MiB`. */
export function size(bytes: number): string {
  const power = Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)));
  const amount = bytes / 1024 ** power;
  return `${power === 0 || amount >= 100 ? Math.round(amount) : amount.toFixed(1)} ${UNITS[power]}`;
}

/** What was read, as people say it: `91.5 %`, `12 GiB`, `48.1`. */
export function amount(value: number, unit: Reading['unit']): string {
  if (unit === 'ratio') return `${Math.round(value * 1000) / 10} %`;
  if (unit !== 'bytes') return String(Math.round(value * 10) / 10);
  const power = Math.min(5, Math.max(0, Math.floor(Math.log2(Math.max(1, value)) / 10)));
  return `${Math.round((value / 1024 ** power) * 10) / 10} ${['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'][power]}`;
}
