import type { Only } from '../../model/only.ts';
import type { InstancesSpec } from '../../tasks/instances/schema.ts';
import type { KindEntry } from '../one-kind.ts';

/** An entry of instances with those alone that are to come, so that no other one's files are read; null for another template's. */
export function someInstances(
  { kind, spec }: KindEntry,
  { of, change, names }: Extract<Only, { part: 'instances' }>,
): KindEntry | null {
  const own = spec as InstancesSpec;
  return own.of === of ? { kind, spec: { ...own, names: change === 'add' ? names : [] } } : null;
}
