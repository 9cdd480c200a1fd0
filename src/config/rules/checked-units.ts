import { z } from 'zod';
import { nearest } from '../diagnostics/nearest.ts';
import type { KindEntry } from '../one-kind.ts';
import type { PlaybookBody } from '../playbook/playbook-schema.ts';
import { enabledUnits } from './enabled-units.ts';

const named = z.union([z.string().transform((name) => [name]), z.array(z.string())]);
const checked = z.union([
  named,
  z.object({ name: named }).transform(({ name }) => name),
  z.object({ unit: named }).transform(({ unit }) => unit),
]);

/**
 * Warnings for health checks of units that resemble an enabled one and are none: most likely a slip of the pen, which
 * would otherwise be found out by a deploy that goes back, or never. A check of any other unit of the host is fine.
 */
export function mistypedUnits({ tasks, health }: PlaybookBody): readonly string[] {
  const enabled = enabledUnits(tasks);
  const specs = [...specsOf(health, 'unit'), ...specsOf(health, 'memory')];
  const names = [...new Set(specs.flatMap((spec) => checked.safeParse(spec).data ?? []))];
  return names.flatMap((name) => {
    if (enabled.includes(name)) return [];
    const near = nearest(
      name.replace(/\.\w+$/, ''),
      enabled.map((unit) => unit.replace(/\.\w+$/, '')),
    );
    const meant = enabled.find((unit) => near !== null && unit.startsWith(`${near}.`));
    return meant === undefined ? [] : [`health checks ${name}, which no task enables; is ${meant} meant?`];
  });
}

const specsOf = (entries: readonly KindEntry[], kind: string) =>
  entries.filter((entry) => entry.kind === kind).map(({ spec }) => spec);
