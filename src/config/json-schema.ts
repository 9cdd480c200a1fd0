import { z } from 'zod';
import { inventorySchema } from './inventory/inventory-schema.ts';
import { headSchema, playbookSchema } from './playbook/playbook-schema.ts';
import type { Registry } from './playbook/registry.ts';

type Json = Record<string, unknown>;

const OPTIONS = { io: 'input', unrepresentable: 'any' } as const;

/** For editors: what a file of `inventory/` may hold. */
export const inventoryJsonSchema = (): Json => ({
  ...z.toJSONSchema(inventorySchema, OPTIONS),
  title: 'fleet inventory',
});

/** For editors: what a file of `playbooks/` may hold, with every kind of task and check. */
export function playbookJsonSchema(registry: Registry): Json {
  const { properties, ...schema }: Json = z.toJSONSchema(playbookSchema(registry), OPTIONS);
  const filled = Object.entries(properties as Json).map(([key, value]) => [
    key,
    Object.hasOwn(headSchema.shape, key) ? value : withPlaceholders(value),
  ]);
  return { ...schema, title: 'fleet playbook', properties: Object.fromEntries(filled) };
}

/** Allows `{{ name }}` wherever a plain value of a certain form is asked for. */
function withPlaceholders(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(withPlaceholders);
  if (typeof schema !== 'object' || schema === null) return schema;
  const { description, examples, default: preset, ...form } = schema as Json;
  if (!isPlain(form) && !isListOfPlain(form)) return mapped(schema);
  return {
    description,
    examples,
    default: preset,
    anyOf: [form.type === 'array' ? mapped(form) : form, { type: 'string', pattern: '\\{\\{' }],
  };
}

const isPlain = (form: Json) => PLAIN.some((keyword) => form[keyword] !== undefined) || PLAIN_TYPES.has(form.type);

/** A placeholder may stand for a list of texts or numbers. */
function isListOfPlain({ type, items }: Json): boolean {
  if (type !== 'array' || typeof items !== 'object' || items === null) return false;
  return takesPlain(items as Json);
}

const takesPlain = (form: Json): boolean =>
  form.type === 'string' ||
  isPlain(form) ||
  (Array.isArray(form.anyOf) && form.anyOf.some((option: Json) => takesPlain(option)));

const PLAIN = ['enum', 'const', 'pattern', 'maxLength'];
const PLAIN_TYPES = new Set<unknown>(['number', 'integer', 'boolean']);
/** Keywords whose values are data and no schemas. */
const LITERAL = new Set([
  'default',
  'examples',
  'required',
  'description',
  'propertyNames',
  'type',
  'additionalProperties',
]);

const mapped = (schema: object) =>
  Object.fromEntries(
    Object.entries(schema).map(([key, value]) => {
      if (key === 'properties')
        return [key, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, withPlaceholders(one)]))];
      return [key, LITERAL.has(key) ? value : withPlaceholders(value)];
    }),
  );
