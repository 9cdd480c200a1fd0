import {
  EVENTS,
  FAILURES,
  LINES,
  OTHER_LINES,
  OUTCOMES,
  SUMMARY,
  SUMMARY_ERRORS,
  SUMMARY_HOST,
} from '../../output/messages/ends.ts';
import { ENVIRONMENT, EXIT_CODES, OTHER_CODES, WORST_FIRST } from '../../output/messages/reference.ts';
import type { Schema } from '../../output/tables/schema-page.ts';
import { RULE_NAMES } from '../../unit/lint/rule-names.ts';

/** Names and what they mean; `heads` of the two columns. */
type Rows = {
  readonly heads: readonly [name: string, meaning: string];
  readonly rows: readonly (readonly [name: string | number, meaning: string])[];
};

/** A part of a page: words, what may be written, or a list of names. */
export type Part = string | { readonly title: string; readonly schema: Schema } | Rows;

/** What `fleet help TOPIC` prints, and a page of docs/reference has. */
export type Topic = {
  readonly name: string;
  /** What kind of thing it is: a page by itself, or one of many entries. */
  readonly kind: 'page' | 'task' | 'check' | 'notifier';
  readonly about: string;
  readonly parts: readonly Part[];
};

const rows = (heads: Rows['heads'], of: Readonly<Record<string, string>> | Rows['rows']): Rows => ({
  heads,
  rows: Array.isArray(of) ? of : Object.entries(of),
});

/** All topics but the commands, from the schemas that editors check files with, and that of the lines of `--json`. */
export function topics(inventory: Schema, playbook: Schema, line: Schema): readonly Topic[] {
  const { properties: ofPlaybook = {} } = playbook;
  const { hosts, groups, defaults, notify, ...rest } = inventory.properties ?? {};
  const short = (schema: Schema | undefined, form: string): Schema => ({
    ...(schema?.description === undefined ? {} : { description: schema.description }),
    const: form,
  });
  const top = {
    defaults: short(defaults, 'keys of a host'),
    groups: short(groups, 'names to keys of a host'),
    hosts: short(hosts, 'names to keys of a host'),
    notify: short(notify, 'names to notifier'),
    ...rest,
  };
  return [
    {
      ...{ name: 'inventory', kind: 'page', about: 'inventory/*.yaml: hosts, and how to reach them' },
      parts: [
        { title: '', schema: { properties: top } },
        { title: 'Keys of a host, a group or defaults', schema: { properties: fields(hosts, groups, defaults) } },
      ],
    },
    {
      ...{ name: 'playbook', kind: 'page', about: 'playbooks/*.yaml: an app' },
      parts: [{ title: '', schema: { properties: ofPlaybook, required: playbook.required ?? [] } }],
    },
    {
      ...{ name: 'exit-codes', kind: 'page', about: 'How fleet ends' },
      parts: [
        rows(['exit code', 'meaning'], EXIT_CODES),
        WORST_FIRST,
        "Three commands end with codes that are not fleet's own:",
        rows(['command', 'exit code'], OTHER_CODES),
      ],
    },
    {
      ...{ name: 'failures', kind: 'page', about: 'How a host ends, and every way to fail' },
      parts: [rows(['outcome', 'what the host is in then'], OUTCOMES), rows(['failure', 'meaning'], FAILURES)],
    },
    {
      ...{ name: 'json', kind: 'page', about: 'What --json prints' },
      parts: [
        ...LINES,
        rows(['type', 'what it has'], EVENTS),
        OTHER_LINES,
        rows(['type', 'what it has'], otherLines(line)),
        rows(['field of the summary', 'meaning'], SUMMARY),
        rows(['field of a host', 'meaning'], SUMMARY_HOST),
        SUMMARY_ERRORS,
      ],
    },
    {
      ...{ name: 'lint', kind: 'page', about: 'What fleet check finds in units, drop-ins and logrotate files' },
      parts: [
        'An error stops every command that would deploy, a warning is said on each of them, a hint by `fleet check` alone. A comment `# fleet: allow NAME` in the file lets it pass.',
        rows(['rule', 'what it finds'], RULE_NAMES),
      ],
    },
    {
      ...{ name: 'environment', kind: 'page', about: 'Variables of the environment that fleet reads' },
      parts: [rows(['variable', 'meaning'], ENVIRONMENT)],
    },
    ...kinds(ofPlaybook.tasks?.items, 'task', 'an entry of tasks in a playbook'),
    ...kinds(ofPlaybook.health?.items, 'check', 'an entry of health and preconditions in a playbook'),
    ...kinds(formOf(notify)?.additionalProperties, 'notifier', 'an entry of notify in the inventory'),
  ];
}

/** Every line that is neither an event nor a summary. */
function otherLines({ anyOf = [], definitions = {} }: Schema): Rows['rows'] {
  return anyOf.flatMap((entry): Rows['rows'] => {
    const { description = '', ...form } = definitions[entry.$ref?.split('/').at(-1) ?? ''] ?? entry;
    const properties = Object.assign({}, ...[form, ...(form.anyOf ?? [])].map((one) => one.properties)) as Fields;
    const { type, v: _, ...own } = properties;
    if (entry.$ref === '#/definitions/EventLine' || typeof type?.const !== 'string' || type.const === 'summary')
      return [];
    const keys = Object.keys(own).map((key) => `\`${key}\``);
    const about = `${description.slice(0, 1).toLowerCase()}${description.slice(1).replace(/\.$/, '')}`;
    return [[type.const, `${keys.join(', ')}: ${about}`]];
  });
}

type Fields = Readonly<Record<string, Schema>>;

const formOf = (schema: Schema | undefined) => schema?.anyOf?.find(({ type }) => type !== 'null') ?? schema;

/** Each kind of an entry that is one of many. */
function kinds(entry: Schema | boolean | undefined, kind: Exclude<Topic['kind'], 'page'>, where: string): Topic[] {
  const { properties = {} } = typeof entry === 'object' ? entry : {};
  return Object.entries(properties).map(([name, schema]) => ({
    ...{ name, kind, about: `${name}: ${where}` },
    parts: [{ title: '', schema }],
  }));
}

/** Keys of hosts, with the word that some are not for all. */
function fields(...[hosts, groups, defaults]: readonly (Schema | undefined)[]) {
  const [host = {}, group = {}, general = {}] = [hosts, groups, defaults].map((schema) => {
    const { additionalProperties: each, properties } = formOf(schema) ?? {};
    return properties ?? (typeof each === 'object' ? formOf(each)?.properties : undefined) ?? {};
  });
  return Object.fromEntries(
    Object.entries(host).map(([key, schema]) => {
      const only = key in general ? '' : key in group ? ' Of hosts and groups only.' : ' Of hosts only.';
      const { description = '', ...form } = formOf(schema) ?? {};
      return [key, only === '' ? schema : { ...form, description: `${description}${only}` }];
    }),
  );
}
