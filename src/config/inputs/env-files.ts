import { type Edited, editEnv } from '../../env/edit.ts';
import { parseEnv, readEnv } from '../../env/parse.ts';
import { decode, type EnvProblem } from '../../env/text.ts';
import { type Before, readPrivate, replacePrivate } from '../../local/private-file.ts';
import type { HostName } from '../../model/ids.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import type { Secret } from '../../model/secret.ts';
import { envSchema, secretsOf } from '../../tasks/env.ts';
import { once } from '../../util/async.ts';
import { type Diagnostic, sortDiagnostics } from '../diagnostics/diagnostic.ts';
import { namesOn } from '../names-on.ts';
import { fillPlaybook } from '../playbook/playbook.ts';
import type { Project } from '../project.ts';
import { EVERYTHING, selectPairs } from '../select.ts';
import { localPath } from '../ssh/ssh-tokens.ts';
import { readSecret, unreadable } from './secret-source.ts';

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
  const { tasks, found } = envTasks(project, apps);
  if (found.length > 0) return fail(sortDiagnostics(found));
  const sources = new Map<string, { apps: Set<string>; required: Set<string>; set: Set<string> }>();
  for (const { app, spec } of tasks) {
    if (typeof spec.from !== 'string') continue;
    const source = sources.get(spec.from) ?? { apps: new Set(), required: new Set(), set: new Set() };
    sources.set(spec.from, source);
    source.apps.add(app);
    for (const key of spec.required) source.required.add(key);
    for (const key of Object.keys(spec.set)) source.set.add(key);
  }
  return ok([...sources].map(([file, rest]) => ({ file, ...rest })));
}

/** What the `env` tasks of the apps say on each of their hosts, and what cannot be said. */
function envTasks({ inventory, playbooks, invoker, schema }: Project, apps: readonly string[]) {
  const pairs = selectPairs(inventory, playbooks, { ...EVERYTHING, apps });
  const found: Diagnostic[] = pairs.ok ? [] : [...pairs.failure];
  const tasks = (pairs.ok ? pairs.value : []).flatMap(({ host, playbook }) => {
    const filled = fillPlaybook(playbook, schema, namesOn({ inventory, invoker }, { host, playbook }), host.name);
    if (!filled.ok) found.push(...filled.failure);
    return (filled.ok ? filled.value.tasks : []).flatMap(({ kind, spec }) => {
      const read = kind === 'env' ? envSchema.safeParse(spec).data : undefined;
      return read === undefined ? [] : [{ host: host.name, app: playbook.name, spec: read }];
    });
  });
  return { tasks, found };
}

/**
 * The secrets of all apps, by host, as far as they can be read here without asking anybody: those in files and in variables.
 * No program is started for them, and what cannot be read is left out.
 */
export async function knownSecrets(project: Project): Promise<ReadonlyMap<HostName, readonly Secret[]>> {
  const known = new Map<HostName, Secret[]>();
  const texts = once<string>();
  for (const { host, spec } of envTasks(project, []).tasks) {
    const { from } = spec;
    if (typeof from !== 'string' && 'command' in from) continue;
    const text = await texts(JSON.stringify(from), () =>
      readSecret(from, project.dir, project.invoker, () => {}).catch(() => ''),
    );
    const read = parseEnv(text);
    known.set(host, [...(known.get(host) ?? []), ...secretsOf(spec, read.ok ? read.value : [])]);
  }
  return known;
}

/** The keys of a file, in its order, and those that are required and not there. Never a value. */
export async function keysOf(project: Project, source: EnvSource): Promise<Result<readonly EnvKey[], string>> {
  const opened = await open(project, source);
  if (!opened.ok) return opened;
  const read = readEnv(opened.value.text);
  if (!read.ok) return fail(sentences(source, read.failure));
  const { entries, places } = read.value;
  const about = (key: string) => ({ key, required: source.required.has(key), set: source.set.has(key) });
  const missing = [...source.required].filter((key) => !places.has(key) && !source.set.has(key));
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
