import { z } from 'zod';
import type { $ZodType, $ZodTypes } from 'zod/v4/core';

/** Schemas that stand at a path of a schema, with every wrapper taken off; unions are followed into each option. */
export function schemasAt(schema: $ZodType, path: readonly PropertyKey[]): readonly $ZodType[] {
  return path.reduce<readonly $ZodType[]>((at, part) => at.flatMap((one) => step(one, part)), [schema]);
}

function step(schema: $ZodType, part: PropertyKey): readonly $ZodType[] {
  return options(schema).flatMap((option): readonly $ZodType[] => {
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

/** A schema without `optional`, `default`, `nullable`, transforms …, and a union as its options. */
function options(schema: $ZodType): readonly $ZodType[] {
  const { def } = (schema as $ZodTypes)._zod;
  if (def.type === 'union') return def.options.flatMap(options);
  if (def.type === 'pipe') return options(def.in);
  if (def.type === 'lazy') return options(def.getter());
  if ('innerType' in def) return options(def.innerType as $ZodType);
  return [schema];
}

/** The keys that a mapping at this path may have. */
export function keysAt(schema: $ZodType, path: readonly PropertyKey[]): readonly string[] {
  return schemasAt(schema, path).flatMap((at) =>
    options(at).flatMap((option) => {
      const { def } = (option as $ZodTypes)._zod;
      return def.type === 'object' ? Object.keys(def.shape) : [];
    }),
  );
}

/** The first example that a schema at this path was given, also by one of its wrappers. */
export function exampleAt(schema: $ZodType, path: readonly PropertyKey[]): unknown {
  for (const at of schemasAt(schema, path)) {
    for (const one of [at, ...options(at)]) {
      const example = z.globalRegistry.get(one)?.examples;
      if (Array.isArray(example) && example.length > 0) return example[0];
    }
  }
  return undefined;
}
