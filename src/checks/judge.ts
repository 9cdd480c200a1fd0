import type { Verdict } from '../model/check.ts';
import type { Reading } from '../model/reading.ts';
import { sizeParts } from '../unit/values/size.ts';

export type Level = 'ok' | 'warn' | 'critical';

/** What is bad from where on; what is not set is never reached. */
export type Limits = { readonly warn?: number | undefined; readonly critical?: number | undefined };

/** A limit itself counts as reached. */
export function levelOf(value: number, { warn, critical }: Limits, bad: 'high' | 'low' = 'high'): Level {
  const reaches = (limit: number | undefined) =>
    limit !== undefined && (bad === 'high' ? value >= limit : value <= limit);
  return reaches(critical) ? 'critical' : reaches(warn) ? 'warn' : 'ok';
}

/** One of the things that a check looks at. */
export type Finding = {
  readonly level: Level;
  readonly text: string;
  readonly reading?: Reading;
};

/** All that a check has to say of what is bad, the worst first; of what is well, no more than fits a line. */
export function verdictOf(findings: readonly Finding[], well?: string): Verdict {
  const at = (level: Level) => findings.filter((finding) => finding.level === level);
  const bad = [...at('critical'), ...at('warn')];
  const texts = (bad.length > 0 ? bad : at('ok')).map(({ text }) => text);
  const shown = texts.slice(0, MOST).join('; ') + (texts.length > MOST ? ` and ${texts.length - MOST} more` : '');
  const read = findings.flatMap(({ reading }) => reading ?? []);
  const readings = read.length > 0 ? { readings: read } : {};
  if (at('critical').length > 0) return { ok: false, detail: shown, ...readings };
  if (bad.length > 0) return { ok: true, warning: true, detail: shown, ...readings };
  return { ok: true, detail: well ?? shown, ...readings };
}

const MOST = 8;

export const reading = (
  name: string,
  value: number,
  unit: Reading['unit'],
  { warn, critical }: Limits = {},
  limit: number | null = null,
): Reading => ({ name, value, unit, warn: warn ?? null, critical: critical ?? null, limit });

/** Percent, as playbooks have it, to shares. */
export const shares = ({ warn, critical }: Limits): Limits => ({
  warn: warn === undefined ? undefined : warn / 100,
  critical: critical === undefined ? undefined : critical / 100,
});

/** `; warns from 80 %, critical is 95 %`, as far as they are set. */
export function limitsInWords(
  { warn, critical }: { readonly warn?: unknown; readonly critical?: unknown },
  unit = '',
): string {
  const words = [
    ...(warn === undefined ? [] : [`warns from ${warn}${unit}`]),
    ...(critical === undefined ? [] : [`critical is ${critical}${unit}`]),
  ];
  return words.length === 0 ? '' : `; ${words.join(', ')}`;
}

/** `14 GiB` */
export function sizeInWords(amountOfBytes: number): string {
  const { amount, unit } = sizeParts(amountOfBytes);
  return `${amount} ${unit === '' ? '' : `${unit}i`}B`;
}

/** `40 s`, `12 min`, `7 h`, `21 days`: cut, so that it never shows a limit that was not reached. */
export function timeInWords(seconds: number): string {
  const [amount, word] =
    seconds < 120
      ? [seconds, 's']
      : seconds < 7200
        ? [seconds / 60, 'min']
        : seconds < 172_800
          ? [seconds / 3600, 'h']
          : [seconds / 86_400, 'days'];
  return `${Math.floor(amount)} ${word}`;
}

/** Lines `key rest` of a fragment, by their key. */
export const linesOf = (text: string, key: string): readonly string[] =>
  text.split('\n').flatMap((line) => (line.startsWith(`${key} `) ? [line.slice(key.length + 1)] : []));

/** A count or an amount that a host told; null for what is none. No host has more than 15 digits of anything. */
export const numberIn = (text: string | undefined): number | null =>
  text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
