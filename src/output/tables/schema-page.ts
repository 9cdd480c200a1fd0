import { wrap } from '../text/width.ts';

/** A JSON schema as the editor schemas have it. */
export type Schema = {
  readonly title?: string;
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly deprecated?: boolean;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly maxProperties?: number;
  readonly anyOf?: readonly Schema[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly $ref?: string;
  readonly definitions?: Readonly<Record<string, Schema>>;
};

const WIDTH = 80;

/** What is said of a value: what it means, its default, and examples. */
export type Said = { readonly about: string; readonly preset: string | null; readonly examples: readonly string[] };

/** A key of what may be written there; `within` are the keys of its value. */
export type SchemaKey = Said & {
  readonly key: string;
  readonly form: string;
  readonly required: boolean;
  readonly within: readonly SchemaKey[];
};

/** What may be written there, key by key, as lines for people. */
export const schemaPage = (schema: Schema): readonly string[] => [
  ...notes(saidOf(schema)).flatMap((note) => wrap(note, WIDTH)),
  ...lines(schemaKeys(schema), ''),
];

const lines = (keys: readonly SchemaKey[], indent: string): string[] =>
  keys.flatMap(({ key, form, required, within, ...said }) => [
    `${indent}${key}: ${form}${required ? ', required' : ''}`,
    ...notes(said).flatMap((note) => wrap(`${indent}    ${note}`, WIDTH)),
    ...lines(within, `${indent}    `),
  ]);

const notes = ({ about, preset, examples }: Said): readonly string[] => [
  ...(about === '' ? [] : [about]),
  ...(preset === null ? [] : [`Default: ${preset}`]),
  ...(examples.length === 0 ? [] : [`Example: ${examples.join(' or ')}`]),
];

/** The keys that a value has, of all the forms that it may have. */
export function schemaKeys(schema: Schema): readonly SchemaKey[] {
  const forms = objects(schema);
  const keys = forms.flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties)
      .filter(([, { deprecated }]) => deprecated !== true)
      .map(([key, value]) => ({
        ...{ key, form: form(value), ...saidOf(value), within: schemaKeys(value) },
        // Of several forms each needs others.
        required: forms.length === 1 && required.includes(key) && value.default === undefined,
      })),
  );
  return [...new Map(keys.map((one) => [one.key, one])).values()];
}

/** What is said of the only form that a value may have is said of the value. */
export function saidOf(schema: Schema): Said {
  const only = schema.anyOf?.filter(({ type }) => type !== 'null') ?? [];
  const { description = '', default: preset, examples = [] } = only.length === 1 ? { ...only[0], ...schema } : schema;
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const isSaid = preset !== undefined && !['{}', '[]', '""'].includes(JSON.stringify(preset));
  return { about: description, preset: isSaid ? shown(preset) : null, examples: examples.map(shown) };
}

/** Of what may be written there, that which has keys of its own. */
function objects(schema: Schema): readonly Schema[] {
  // A list of kinds names them, and each has a page of its own.
  if (isKind(schema)) return [];
  if (schema.properties !== undefined) return [schema];
  const within = [...(schema.anyOf ?? []), schema.items, schema.additionalProperties];
  return within.flatMap((one) => (typeof one === 'object' ? objects(one) : []));
}

/** One of many kinds: a task, a check, a notifier. */
const isKind = ({ maxProperties, title }: Schema) => maxProperties === 1 && title !== undefined;

function form(schema: Schema): string {
  if (isKind(schema)) return schema.title ?? '';
  if (schema.anyOf !== undefined) return unique(schema.anyOf.filter(isForm).map(form));
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : form(schema.items)}`;
  if (schema.type !== 'object') return unique([schema.type ?? 'anything'].flat());
  const { additionalProperties: more } = schema;
  return typeof more === 'object' && schema.properties === undefined ? `names to ${form(more)}` : 'keys';
}

/** The empty text is a value too, and nothing to name. */
const unique = (forms: readonly string[]) => [...new Set(forms)].filter((one) => one !== '').join(' or ');

/** A placeholder may stand for any value, and a key without one for none: those are no forms of their own. */
const isForm = ({ pattern, type }: Schema) => pattern !== '\\{\\{' && type !== 'null';
