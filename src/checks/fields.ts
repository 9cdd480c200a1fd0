import { z } from 'zod';
import type { Confirm } from '../model/look.ts';
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

/** Milliseconds that a deploy tries a check again; null for as long as its deadline allows. */
export function retryForOf(spec: unknown): number | null {
  const { retryFor, within } = typeof spec === 'object' && spec !== null ? (spec as Record<string, unknown>) : {};
  const text = retryFor ?? within;
  return typeof text === 'string' ? milliseconds(text) : null;
}

export const port = z.int().min(1).max(65_535);

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
