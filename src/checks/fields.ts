import { z } from 'zod';
import type { Confirm } from '../model/look.ts';
import { parseSize } from '../unit/values/size.ts';
import { duration, milliseconds } from '../util/duration.ts';
import { oldNameOf } from '../util/renamed-key.ts';

/** Over all tries of a deploy; `timeout` is for one of them. */
const retryFor = duration.meta({
  description: 'How long a deploy tries again until it passes; by default as long as its deadline allows.',
  examples: ['30s'],
});

/** No more looks are remembered. */
const RUNS = /^([1-9]|1\d|2[01]) of ([1-9]|1\d|2[01])$/;

const confirm = z
  .string()
  .regex(RUNS, 'must be such as 3 of 5, at most of 21')
  .refine((text) => confirmed(text).runs <= confirmed(text).of, 'must not want more bad runs than it looks at')
  .meta({
    description: '`fleet health --cron` tells of it only when it was bad in so many of its last runs.',
    examples: ['3 of 5'],
  });

function confirmed(text: string): Confirm {
  const [, runs, of] = RUNS.exec(text) ?? [];
  return { runs: Number(runs ?? 1), of: Number(of ?? 1) };
}

/** What every check's long form takes. */
export const retries = {
  retryFor: retryFor.optional(),
  within: oldNameOf('retryFor', duration),
  confirm: confirm.optional(),
};

export function confirmOf(spec: unknown): Confirm | null {
  const { confirm: text } = typeof spec === 'object' && spec !== null ? (spec as Record<string, unknown>) : {};
  return typeof text === 'string' ? confirmed(text) : null;
}

/** The same of what does not change while a deploy waits. */
export const brief = {
  ...retries,
  retryFor: duration
    .meta({
      description: 'How long a deploy tries again until it passes; by default 1s, since waiting changes little.',
      examples: ['1s'],
    })
    .optional(),
};

/** Milliseconds that a deploy tries a check again; null for as long as its deadline allows. */
export function retryForOf(spec: unknown): number | null {
  const { retryFor, within } = typeof spec === 'object' && spec !== null ? (spec as Record<string, unknown>) : {};
  const text = retryFor ?? within;
  return typeof text === 'string' ? milliseconds(text) : null;
}

/** Of what is `brief`. */
export const brieflyFor = (spec: unknown): number => retryForOf(spec) ?? 1000;

export const port = z.int().min(1).max(65_535);

/** A share of something, in percent. */
export const percent = z.number().positive().max(100);

/** A path on the host that stands for itself. */
export const path = z
  .string()
  .max(4096)
  .regex(/^\/[^\0\n]*$/, 'must be an absolute path on the host');

/** Paths, each once. */
export const paths = z.union([
  path,
  z
    .array(path)
    .min(1)
    .max(50)
    .refine((list) => new Set(list).size === list.length, 'must not name a path twice'),
]);

export const pathsOf = (named: z.infer<typeof paths>): readonly string[] =>
  typeof named === 'string' ? [named] : named;

/** An amount of bytes, as units have it. */
export const size = z
  .string()
  .refine((text) => parseSize(text) !== null, { error: 'must be a size such as 500K, 100M or 2G', abort: true });

/** Of a size that its schema has let pass. */
export const bytes = (text: string): number => parseSize(text) ?? 0;

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A time that may be longer than any run. */
export const span = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhdw]$/, { error: 'must be a time such as 90s, 10m, 8h, 21d or 6w', abort: true });

/** Of a time that its schema has let pass. */
export const seconds = (text: string): number => Number(text.slice(0, -1)) * (SECONDS[text.slice(-1)] ?? 0);

type Bound = string | number;

/** `warn` comes before `critical`: below it where much is bad, above it where little is. */
export const inOrder =
  (bad: 'high' | 'low', value: (bound: Bound) => number = Number) =>
  ({ warn, critical }: { readonly warn?: Bound | undefined; readonly critical?: Bound | undefined }): boolean =>
    warn === undefined ||
    critical === undefined ||
    (bad === 'high' ? value(warn) < value(critical) : value(warn) > value(critical));

export const wrongWay = (bad: 'high' | 'low', preset = '') => ({
  path: ['warn'],
  message: `must be ${bad === 'high' ? 'below' : 'above'} critical${preset}`,
});

/** A number's two limits, one of them at least. */
export function limits<Of extends z.ZodType<Bound, Bound>>(
  of: Of,
  bad: 'high' | 'low',
  value: (bound: Bound) => number = Number,
) {
  return z
    .strictObject({ warn: of.optional(), critical: of.optional() })
    .refine(({ warn, critical }) => warn !== undefined || critical !== undefined, 'needs warn, critical or both')
    .refine(inOrder(bad, value), wrongWay(bad));
}

/** Values of bounds in words. */
export const secondsOf = (bound: Bound): number => seconds(String(bound));
export const bytesOf = (bound: Bound): number => bytes(String(bound));
export const millisecondsOf = (bound: Bound): number => milliseconds(String(bound));

const unitName = z
  .string()
  .max(255)
  .regex(
    /^[\w:\\][\w:.\\-]*(@[\w:.\\-]+)?\.(service|target|timer|socket|path|slice|mount)$/,
    'must be a unit with its suffix, such as jarvis.service or worker@1.service',
  );

/** A unit, or a list of them. */
export const unitNames = z.union([
  unitName,
  z
    .array(unitName)
    .min(1)
    .refine((list) => new Set(list).size === list.length, 'must not name a unit twice'),
]);

/** Always a list. */
export const listOf = (named: z.infer<typeof unitNames>): readonly string[] =>
  typeof named === 'string' ? [named] : named;
