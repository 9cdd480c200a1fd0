import { parseSize, sizeText } from '../../unit/values/size.ts';
import type { InstancesSpec, Resource } from './schema.ts';

/** What limits an instance has of its own. */
export type Limited = { readonly name: string; readonly resources: ReadonlyMap<Resource, string> };

const percent = (text: string): number | null => (/^[\d.]+%$/.test(text) ? Number.parseFloat(text) : null);

const SUMMED = {
  MemoryMax: { read: parseSize, show: sizeText, what: 'memory' },
  CPUQuota: { read: percent, show: (sum: number) => `${Math.round(sum * 100) / 100}%`, what: 'CPU time' },
} as const;

/** Why the instances cannot be promised to stay within `atMost`, one sentence each. */
export function overLimits(
  { of, atMost, directives, settings = '' }: InstancesSpec,
  all: readonly Limited[],
): readonly string[] {
  const count = atMost.instances ?? Number.POSITIVE_INFINITY;
  const many = all.length > count ? [`${all.length} instances of ${of}, and atMost allows ${count}`] : [];
  const sums = (['MemoryMax', 'CPUQuota'] as const).flatMap((key) => {
    const limit = atMost[key];
    if (limit === undefined) return [];
    const { read, show, what } = SUMMED[key];
    const open = all.flatMap(({ name, resources }) => {
      const value = resources.get(key);
      if (value !== undefined && read(value) !== null) return [];
      const why = value === undefined ? 'has no limit of its own' : `has ${key}=${value}, which is no fixed size`;
      const fix = `set ${directives[key]} in ${settings.replaceAll('%i', name)}`;
      return [`${name} ${why}, so ${limit} in all cannot be promised; ${fix}`];
    });
    if (open.length > 0) return open;
    const sum = all.reduce((total, { resources }) => total + (read(resources.get(key) ?? '') ?? 0), 0);
    if (sum <= (read(limit) ?? 0)) return [];
    const each = all.map(({ name, resources }) => `${name} ${resources.get(key)}`).join(', ');
    return [`the instances of ${of} may take ${show(sum)} of ${what} together, and atMost allows ${limit} (${each})`];
  });
  return [...many, ...sums];
}

/** A warning when the instances may together take more memory than the host has; null where it is not known. */
export function overHost(of: string, all: readonly Limited[], hostBytes: number | null): string | null {
  const sum = all.reduce((total, { resources }) => total + (parseSize(resources.get('MemoryMax') ?? '') ?? 0), 0);
  if (hostBytes === null || sum <= hostBytes) return null;
  return `the instances of ${of} may take ${sizeText(sum)} of memory together, and the host has ${sizeText(hostBytes)}`;
}
