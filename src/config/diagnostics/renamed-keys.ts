import type { $ZodType } from 'zod/v4/core';
import { type Diagnostic, diagnostic, place } from './diagnostic.ts';
import { newNameAt } from './schema-walk.ts';
import type { Locate, Path } from './source-map.ts';

export type RenamedKeys = {
  /** One for each key that stands there with both its names. */
  readonly errors: readonly Diagnostic[];
  /** One for each that has its old name only, with its place. */
  readonly warnings: readonly string[];
};

/** The keys of a valid file that have a new name by now. */
export function renamedKeys(schema: $ZodType, value: unknown, locate: Locate): RenamedKeys {
  const errors: Diagnostic[] = [];
  const warnings: string[] = [];
  const walk = (at: unknown, path: Path): void => {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, inner] of Object.entries(at)) {
      const here = [...path, key];
      walk(inner, here);
      const name = newNameAt(schema, here);
      if (name === null) continue;
      const where = locate(here, 'key');
      if (Object.hasOwn(at, name))
        errors.push(diagnostic(where, `"${key}" is the old name of "${name}", which is set too`, `leave "${key}" out`));
      else warnings.push(`${place(where)}: "${key}" is now called "${name}"; the old name will go away`);
    }
  };
  walk(value, []);
  return { errors, warnings };
}
