import { type Script, sh } from '../shell/sh.ts';
import { sizeParts } from '../unit/values/size.ts';

/** What systemd tells of the memory of a unit, in bytes; null for what it does not tell, and for a limit not set. */
export type MemoryUse = {
  readonly unit: string;
  readonly used: number | null;
  readonly high: number | null;
  readonly limit: number | null;
};

/** Prints a block of properties for each unit, in their order; nothing where systemd does not run the host. */
export const readMemory = (units: readonly string[]): Script =>
  sh`[ -d /run/systemd/system ] && [ "$(cat /proc/1/comm)" = systemd ] || exit 0
systemctl show -p Id,MemoryCurrent,MemoryHigh,MemoryMax -- ${units}`;

/** Null when these are not the blocks of those units. */
export function parseMemory(stdout: string, units: readonly string[]): readonly MemoryUse[] | null {
  const blocks = stdout.trim().split(/\n{2,}/);
  if (blocks.length !== units.length) return null;
  return units.map((unit, i) => {
    const bytes = (property: string) => parseBytes(blocks[i] ?? '', property);
    return { unit, used: bytes('MemoryCurrent'), high: bytes('MemoryHigh'), limit: bytes('MemoryMax') || null };
  });
}

/** Not told are `[not set]`, `infinity` and 2^64-1, which older systemd prints for both; no host has 20 digits. */
function parseBytes(block: string, property: string): number | null {
  const [, digits] = new RegExp(`^${property}=(\\d{1,15})$`, 'm').exec(block) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** How much of its limit a unit uses, in percent; null where one of them is unknown. */
export const shareOf = ({ used, limit }: MemoryUse): number | null =>
  used === null || limit === null ? null : (used * 100) / limit;

/** `14 GiB` */
function words(bytes: number): string {
  const { amount, unit } = sizeParts(bytes);
  return `${amount} ${unit === '' ? '' : `${unit}i`}B`;
}

/** `xswarm-voice.service 12.8 of 16 GiB (80 %)`; the share is cut, so that it never shows a limit that was not reached. */
export function useInWords({ unit, used, high, limit }: MemoryUse): string {
  if (used === null) return `${unit}: its memory is not told`;
  const above = high !== null && used > high ? `, above MemoryHigh (${words(high)})` : '';
  if (limit === null) return `${unit} ${words(used)}, no limit${above}`;
  const of = sizeParts(used);
  const told = of.unit === sizeParts(limit).unit ? of.amount : words(used);
  return `${unit} ${told} of ${words(limit)} (${Math.floor((used * 100) / limit)} %)${above}`;
}
