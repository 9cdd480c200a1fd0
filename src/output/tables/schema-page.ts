import { wrap } from '../text/width.ts';

/** A JSON schema as the editor schemas have it. */
export type Schema = {
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
};

const WIDTH = 80;

/** What may be written there, key by key, as lines for people. */
export const schemaPage = (schema: Schema): readonly string[] => [
  ...notes(schema).flatMap((note) => wrap(note, WIDTH)),
  ...keys(schema, 0),
];

function keys(schema: Schema, depth: number): string[] {
  const indent = '  '.repeat(depth);
  return objects(schema).flatMap(({ properties = {}, required = [] }) =>
    Object.entries(properties)
      .filter(([, { deprecated }]) => deprecated !== true)
      .flatMap(([key, value]) => {
        const must = required.includes(key) && value.default === undefined ? ', required' : '';
        const told = notes(value).flatMap((note) => wrap(`${indent}    ${note}`, WIDTH));
        return [`${indent}${key}: ${form(value)}${must}`, ...told, ...keys(value, depth + 2)];
      }),
  );
}

/** Of what may be written there, that which has keys of its own. */
function objects(schema: Schema): readonly Schema[] {
  if (schema.properties !== undefined) return [schema];
  const within = [...(schema.anyOf ?? []), schema.items, schema.additionalProperties];
  return within.flatMap((one) => (typeof one === 'object' ? objects(one) : []));
}

function notes({ description, default: preset, examples = [] }: Schema): string[] {
  const shown = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value));
  const isSaid = preset !== undefined && !['{}', '[]', '""'].includes(JSON.stringify(preset));
  return [
    ...(description === undefined ? [] : [description]),
    ...(isSaid ? [`Default: ${shown(preset)}`] : []),
    ...(examples.length === 0 ? [] : [`Example: ${examples.map(shown).join(' or ')}`]),
  ];
}

function form(schema: Schema): string {
  if (schema.anyOf !== undefined) return unique(schema.anyOf.filter(isNoPlaceholder).map(form));
  if (schema.enum !== undefined) return schema.enum.map(String).join(' | ');
  if (schema.const !== undefined) return String(schema.const);
  if (schema.type === 'array') return `list of ${schema.items === undefined ? 'anything' : form(schema.items)}`;
  if (schema.type !== 'object') return unique([schema.type ?? 'anything'].flat());
  const { additionalProperties: more } = schema;
  return typeof more === 'object' && schema.properties === undefined ? `names to ${form(more)}` : 'keys';
}

/** The empty text is a value too, and nothing to name. */
const unique = (forms: readonly string[]) => [...new Set(forms)].filter((one) => one !== '').join(' or ');

/** A placeholder may stand for any value: that is no form of its own. */
const isNoPlaceholder = ({ pattern }: Schema) => pattern !== '\\{\\{';
