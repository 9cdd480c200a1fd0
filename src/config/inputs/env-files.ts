import { type Edited, editEnv } from '../../env/edit.ts';
import { readEnv } from '../../env/parse.ts';
import { decode, type EnvProblem } from '../../env/text.ts';
import { type Before, readPrivate, replacePrivate } from '../../local/private-file.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import type { Secret } from '../../model/secret.ts';
import { envSchema } from '../../tasks/env.ts';
import { type Diagnostic, sortDiagnostics } from '../diagnostics/diagnostic.ts';
import { fillPlaybook } from '../playbook/playbook.ts';
import { scope } from '../playbook/scope.ts';
import type { Project } from '../project.ts';
import { EVERYTHING, selectPairs } from '../select.ts';
import { effectiveFields } from '../ssh/connection.ts';
import { localPath } from '../ssh/ssh-tokens.ts';
import { unreadable } from './secret-source.ts';

/** A file that `env` tasks read, and what the playbooks say of its keys. */
export type EnvSource = {
  /** As the playbooks name it. */
  readonly file: string;
  readonly apps: ReadonlySet<string>;
  readonly required: ReadonlySet<string>;
  /** Keys to which a playbook gives a plain value, which counts more than the file's. */
  readonly set: ReadonlySet<string>;
};

/** A key of such a file; line 0 for one that is not there. */
export type EnvKey = {
  readonly key: string;
  readonly line: number;
  readonly required: boolean;
  readonly empty: boolean;
  readonly set: boolean;
};

/** The files that the apps' env comes from, on whatever host. @param apps all of them where none is named */
export function envSources(
  project: Project,
  apps: readonly string[],
): Result<readonly EnvSource[], readonly Diagnostic[]> {
  const { inventory, playbooks, invoker, schema } = project;
  const pairs = selectPairs(inventory, playbooks, { ...EVERYTHING, apps });
  if (!pairs.ok) return pairs;
  const found: Diagnostic[] = [];
  const sources = new Map<string, { apps: Set<string>; required: Set<string>; set: Set<string> }>();
  for (const { host, playbook } of pairs.value) {
    const loginUser = effectiveFields(inventory, host).user ?? invoker.user;
    const lookup = scope(inventory, host, { ...playbook, app: playbook.name, loginUser });
    const filled = fillPlaybook(playbook, schema, lookup, host.name);
    if (!filled.ok) found.push(...filled.failure);
    for (const { kind, spec } of filled.ok ? filled.value.tasks : []) {
      const task = kind === 'env' ? envSchema.safeParse(spec).data : undefined;
      if (typeof task?.from !== 'string') continue;
      const source = sources.get(task.from) ?? { apps: new Set(), required: new Set(), set: new Set() };
      sources.set(task.from, source);
      source.apps.add(playbook.name);
      for (const key of task.required) source.required.add(key);
      for (const key of Object.keys(task.set)) source.set.add(key);
    }
  }
  return found.length > 0 ? fail(sortDiagnostics(found)) : ok([...sources].map(([file, rest]) => ({ file, ...rest })));
}

/** The keys of a file, in its order, and those that are required and not there. Never a value. */
export async function keysOf(project: Project, source: EnvSource): Promise<Result<readonly EnvKey[], string>> {
  const opened = await open(project, source);
  if (!opened.ok) return opened;
  const read = readEnv(opened.value.text);
  if (!read.ok) return fail(sentences(source, read.failure));
  const { entries, places } = read.value;
  const about = (key: string) => ({ key, required: source.required.has(key), set: source.set.has(key) });
  const missing = [...source.required].filter((key) => !places.has(key));
  return ok([
    ...entries.map(({ key, value }) => ({ ...about(key), line: places.get(key)?.first ?? 0, empty: value === '' })),
    ...missing.map((key) => ({ ...about(key), line: 0, empty: false })),
  ]);
}

/** Gives a key of a file a value, or takes it out with null. Where anything is wrong nothing is changed, and it is said. */
export async function changeKey(
  project: Project,
  source: EnvSource,
  key: string,
  value: Secret | null,
): Promise<Result<Edited, string>> {
  const opened = await open(project, source);
  if (!opened.ok) return opened;
  const { path, text, before } = opened.value;
  const edited = editEnv(text, key, value);
  if (!edited.ok) return fail(`${sentences(source, edited.failure)}\nnothing was changed`);
  try {
    if (edited.value.text !== text) await replacePrivate(path, edited.value.text, before);
    return edited;
  } catch (error) {
    return fail(`${unreadable(source.file, error)}; nothing was changed`);
  }
}

type Opened = { readonly path: string; readonly text: string; readonly before: Before };

async function open({ dir, invoker }: Project, { file }: EnvSource): Promise<Result<Opened, string>> {
  const path = localPath(file, invoker, dir);
  try {
    const before = await readPrivate(path);
    return ok({ path, before, text: before === null ? '' : decode(before.bytes) });
  } catch (error) {
    return fail(unreadable(file, error));
  }
}

const sentences = ({ file }: EnvSource, problems: readonly EnvProblem[]): string =>
  problems.map(({ line, message }) => `${file}:${line}: ${message}`).join('\n');
