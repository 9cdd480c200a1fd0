import type { z } from 'zod';
import type { $ZodIssue } from 'zod/v4/core';
import { NEWS, type News } from '../../model/news.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import { type Diagnostic, diagnostic, type Position } from '../diagnostics/diagnostic.ts';
import { check, diagnose } from '../diagnostics/issues.ts';
import { readYaml, type YamlFile } from '../diagnostics/read.ts';
import { renamedKeys } from '../diagnostics/renamed-keys.ts';
import { type Locate, locator, type Path } from '../diagnostics/source-map.ts';
import { type Definition, type Definitions, definitions } from '../inventory/inventory.ts';
import { fillValue } from './fill.ts';
import { headSchema, type PlaybookBody, type PlaybookSchema } from './playbook-schema.ts';
import { hasPlaceholder, type Lookup } from './template.ts';

/** A playbook whose shape is right; what depends on a host is filled and checked for that host. */
export type Playbook = {
  readonly file: string;
  readonly name: string;
  readonly at: Position;
  /** Host and group names, each with its place. */
  readonly hosts: readonly { readonly name: string; readonly at: Position }[];
  readonly vars: Definitions;
  readonly root: Definition | null;
  readonly user: Definition | null;
  /** Whether it has exclusive names; which, and who holds them, may depend on the host. */
  readonly exclusive: boolean;
  readonly yaml: YamlFile;
  readonly locate: Locate;
  /** Which channel hears of what. */
  readonly notify: readonly Listener[];
  /** What is right and should be put otherwise, with its place. */
  readonly warnings: readonly string[];
};

/** A channel by its name in the inventory, where it is named, and what it is told of. */
type Listener = { readonly channel: string; readonly news: readonly News[]; readonly at: Position };

/** Reads one playbook and checks all of it that needs no host. */
export function parsePlaybook(
  file: string,
  text: string,
  schema: PlaybookSchema,
): Result<Playbook, readonly Diagnostic[]> {
  const { yaml, diagnostics } = readYaml(file, text);
  if (yaml === null) return fail(diagnostics);
  const locate = locator(yaml);
  const checked = check(schema, yaml.value);
  const issues = checked.ok ? [] : checked.issues.filter((issue) => !mayBeFilled(yaml.value, issue));
  const head = check(headSchema, yaml.value);
  const { errors, warnings } = renamedKeys(schema, yaml.value, locate);
  if (issues.length > 0 || !head.ok || errors.length > 0) {
    return fail([...diagnose(schema, issues.length > 0 || head.ok ? issues : head.issues, locate), ...errors]);
  }
  const definition = (key: string): Definition | null => {
    const value = valueAt(yaml.value, [key]);
    return typeof value === 'string' ? { text: value, at: locate([key]) } : null;
  };
  return ok({
    file,
    name: head.value.name,
    at: locate(['name']),
    hosts: head.value.hosts.map((name, i) => ({ name, at: locate(['hosts', i]) })),
    vars: definitions(head.value.vars, ['vars'], locate),
    root: definition('root'),
    user: definition('user'),
    exclusive: valueAt(yaml.value, ['exclusive']) !== undefined,
    yaml,
    locate,
    notify: listeners(head.value.notify, locate),
    warnings,
  });
}

function listeners(notify: z.output<typeof headSchema>['notify'], locate: Locate): readonly Listener[] {
  if (notify === undefined) return [];
  if (Array.isArray(notify)) return notify.map((channel, i) => ({ channel, news: NEWS, at: locate(['notify', i]) }));
  return NEWS.flatMap((news) =>
    (notify[news] ?? []).map((channel, i) => ({ channel, news: [news], at: locate(['notify', news, i]) })),
  );
}

/** Whether filling could still put right what an issue complains of. Names and keys are never filled. */
function mayBeFilled(value: unknown, issue: $ZodIssue): boolean {
  if (issue.code === 'unrecognized_keys' || issue.code === 'invalid_key') return false;
  if (['name', 'hosts', 'notify'].includes(String(issue.path[0]))) return false;
  return holds(valueAt(value, issue.path));
}

const holds = (value: unknown): boolean =>
  typeof value === 'string'
    ? hasPlaceholder(value)
    : typeof value === 'object' && value !== null && Object.values(value).some(holds);

const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (at, part) => (typeof at === 'object' && at !== null ? Reflect.get(at, part) : undefined),
    value,
  );

/** Fills a playbook for one host and checks the result. */
export function fillPlaybook(
  playbook: Playbook,
  schema: PlaybookSchema,
  lookup: Lookup,
  host: string,
): Result<PlaybookBody, readonly Diagnostic[]> {
  const { yaml, locate } = playbook;
  const filled = fillValue(yaml, schema, lookup);
  if (!filled.ok) return filled;
  const { value, origin } = filled.value;
  const checked = check(schema, value);
  if (checked.ok) return ok(checked.value);
  const original: Locate = (path, part) => locate(origin(path), part);
  return fail(
    checked.issues.flatMap((issue) =>
      diagnose(schema, [issue], original).map((one) => {
        const after = valueAt(value, issue.path);
        const before = valueAt(yaml.value, origin(issue.path));
        const changed = typeof after === 'string' ? after !== before : Array.isArray(after) && !Array.isArray(before);
        return changed ? diagnostic(one, one.message, `filled for ${host}: ${JSON.stringify(after)}`) : one;
      }),
    ),
  );
}
