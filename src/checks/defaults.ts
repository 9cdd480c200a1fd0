import type { BoundCheck } from '../model/check.ts';
import type { Layout } from '../model/layout.ts';
import { services, settings } from './app/of-the-app.ts';
import { bindCheck, type CheckKind } from './define.ts';
import { CHECKS } from './index.ts';

/** What `fleet health` asks without being told, by the names that switch it off. */
export const DEFAULT_CHECKS = {
  services: "Whether the app's services are up, and none has failed.",
  units: "Memory, tasks and watchdog of the app's services.",
  disk: 'Of the root and `/`.',
  inodes: 'Of the root and `/`.',
  memory: 'Of the host.',
  clock: 'Of the host.',
  generation: 'Whether something is deployed, the right one, and as it was.',
  env: 'Mode and owner of the `.env`.',
} as const;

export type Default = keyof typeof DEFAULT_CHECKS;

export const DEFAULTS = Object.keys(DEFAULT_CHECKS) as readonly Default[];

/** Percent of a host's memory, without files that the kernel would give up: next it ends whatever holds most. */
const CRITICAL_OF_HOST = 97;

type Entry = { readonly kind: string; readonly spec: unknown };

/**
 * The checks that health has by itself, but for what the probe tells of services. A playbook's own check of the same thing takes the place of one of them.
 * @param wanted those that are not switched off
 * @param own the playbook's checks, and `labels` what they are called
 */
export function defaultChecks(
  wanted: readonly Default[],
  own: readonly Entry[],
  labels: readonly string[],
  layout: Layout,
): readonly BoundCheck[] {
  const left = (kind: 'disk' | 'inodes') =>
    [...new Set([layout.root, '/'])].filter(
      (path) => !specsOf(own, kind).some((spec) => pathsIn(spec, layout.root).includes(path)),
    );
  const make = (name: Exclude<Default, 'services'>): readonly BoundCheck[] => {
    switch (name) {
      case 'units':
        return [bindCheck(services, { memory: withMemory(own), rest: unitsIn(specsOf(own, 'unit'), 'name') }, layout)];
      case 'env':
        return [bindCheck(settings, {}, layout)];
      case 'disk':
      case 'inodes':
        return left(name).length === 0 ? [] : [bound(name, { path: left(name) }, layout)];
      case 'memory':
        return [bound(name, { unit: 'host', critical: CRITICAL_OF_HOST }, layout)];
      case 'clock':
      case 'generation':
        return [bound(name, {}, layout)];
    }
  };
  return wanted
    .filter((name) => name !== 'services')
    .flatMap(make)
    .filter(({ label }) => !labels.includes(label));
}

/** Of a spec as it was read, or as a playbook has it: reading it again makes no difference. */
function bound(name: string, spec: unknown, layout: Layout): BoundCheck {
  const kinds: readonly CheckKind<string, unknown>[] = CHECKS;
  const kind = kinds.find((one) => one.kind === name);
  if (kind === undefined) throw new Error(`there is no check kind ${name}`);
  return bindCheck(kind, kind.schema.parse(spec), layout);
}

const specsOf = (own: readonly Entry[], kind: string) => own.filter((one) => one.kind === kind).map(({ spec }) => spec);

const list = (value: unknown): readonly string[] =>
  [value].flat().filter((one): one is string => typeof one === 'string');

const under = (spec: unknown, key: string): unknown =>
  typeof spec === 'object' && spec !== null && !Array.isArray(spec) ? Reflect.get(spec, key) : spec;

const pathsIn = (spec: unknown, root: string): readonly string[] => {
  const named = list(under(spec, 'path'));
  return named.length === 0 ? [root] : named;
};

const unitsIn = (specs: readonly unknown[], key: string): string[] => specs.flatMap((spec) => list(under(spec, key)));

/** Units whose memory the playbook has judged, by a check of it or by that of the unit. */
const withMemory = (own: readonly Entry[]): string[] => [
  ...unitsIn(specsOf(own, 'memory'), 'unit'),
  ...unitsIn(
    specsOf(own, 'unit').filter((spec) => typeof spec === 'object' && spec !== null && 'memory' in spec),
    'name',
  ),
];
