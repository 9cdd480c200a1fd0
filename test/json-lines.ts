import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';

const file = join(import.meta.dirname, '../schemas/line.schema.json');

/** Takes nothing that is not named: what is shipped leaves room for later versions, a test leaves none. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in inner ? { ...inner, additionalProperties: false } : inner;
}

let validate: ReturnType<Ajv['compile']> | undefined;

/** Whether these words ask for such lines; what stands behind `--` is for others. */
export function wantsLines(words: readonly string[]): boolean {
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  return own.includes('--json');
}

type Line = ReturnType<typeof JSON.parse>;

/** The lines of a run with --json, each of them as schemas/line.schema.json has it. @throws where one is not */
export function jsonLines(stdout: string): Line[] {
  validate ??= new Ajv({ allowUnionTypes: true }).compile(closed(JSON.parse(readFileSync(file, 'utf8'))) as object);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const read: unknown = JSON.parse(line);
      if (validate?.(read) !== true) throw new Error(`not as schemas/line.schema.json has it: ${why(read)}\n${line}`);
      return read;
    });
}

/** Of all that it could have been, what it comes nearest to. */
function why(line: unknown): string {
  const { type } = line as { readonly type?: unknown };
  const errors = validate?.errors ?? [];
  const deepest = Math.max(...errors.map(({ instancePath }) => instancePath.split('/').length));
  const near = errors.filter(({ instancePath }) => instancePath.split('/').length === deepest);
  return `${type}: ${near.map((one) => `${one.instancePath} ${one.message} ${JSON.stringify(one.params)}`).join('; ')}`;
}
