import { z } from 'zod';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';
import { newNameOf } from '../../util/renamed-key.ts';

/** Schemas that stand at a path of a schema, with every wrapper taken off; unions are followed into each option. */
function schemasAt(schema: $ZodType, path: readonly PropertyKey[]): readonly $ZodType[] {
  return path.reduce<readonly $ZodType[]>((at, part) => at.flatMap((one) => step(one, part)), [schema]);
}

function step(schema: $ZodType, part: PropertyKey): readonly $ZodType[] {
  return layers(schema).flatMap((option): readonly $ZodType[] => {
    const { def } = (option as $ZodTypes)._zod;
    switch (def.type) {
      case 'object': {
        const next = Object.hasOwn(def.shape, part) ? def.shape[String(part)] : undefined;
        return next ? [next] : [];
      }
      case 'record':
        return [def.valueType];
      case 'array':
        return [def.element];
      case 'tuple': {
        const item = def.items[Number(part)] ?? def.rest;
        return item ? [item] : [];
      }
      default:
        return [];
    }
  });
}

/** A schema and everything that its wrappers and unions wrap, outermost first. */
function layers(schema: $ZodType): readonly $ZodType[] {
  const { def } = (schema as $ZodTypes)._zod;
  if (def.type === 'union') return [schema, ...def.options.flatMap((one) => layers(one))];
  if (def.type === 'pipe') return [schema, ...layers(def.in)];
  if (def.type === 'lazy') return [schema, ...layers(def.getter())];
  if ('innerType' in def) return [schema, ...layers(def.innerType as $ZodType)];
  return [schema];
}

/** The keys that a mapping at this path may have, by the names that they have now. */
export function keysAt(schema: $ZodType, path: readonly PropertyKey[]): readonly string[] {
  return schemasAt(schema, path).flatMap((at) =>
    layers(at).flatMap((option) => {
      const { def } = (option as $ZodTypes)._zod;
      if (def.type !== 'object') return [];
      return Object.entries(def.shape).flatMap(([key, one]) => (layers(one).some(newNameOf) ? [] : [key]));
    }),
  );
}

/** What a key at this path is called now, or null where it has kept its name. */
export function newNameAt(schema: $ZodType, path: readonly PropertyKey[]): string | null {
  const all = schemasAt(schema, path).flatMap((one) => layers(one));
  return all.map(newNameOf).find((name) => name !== null) ?? null;
}

/** The first example that a schema at this path was given, also by one of its wrappers. */
export const exampleAt = (schema: $ZodType, path: readonly PropertyKey[]): unknown =>
  [metaAt(schema, path, 'examples')].flat()[0];

/** What a schema at this path calls itself, or null. */
export function titleAt(schema: $ZodType, path: readonly PropertyKey[]): string | null {
  const title = metaAt(schema, path, 'title');
  return typeof title === 'string' ? title : null;
}

function metaAt(schema: $ZodType, path: readonly PropertyKey[], key: 'examples' | 'title'): unknown {
  return schemasAt(schema, path)
    .flatMap((one) => layers(one))
    .map((one) => z.globalRegistry.get(one)?.[key])
    .find((value) => value !== undefined);
}
