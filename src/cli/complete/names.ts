import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Invoker } from '../../config/invoker.ts';
import { cacheFolder, cacheName, readCached, writeCached } from '../../local/cache.ts';
import type { Summary } from '../../model/events.ts';

// What completion offers has to be there at once: names are kept from one reading of a project to the next.

export type Names = {
  readonly hosts: readonly string[];
  readonly groups: readonly string[];
  readonly apps: readonly string[];
  /** Those that can be named to a verb: instances, and no bare template. */
  readonly units: readonly string[];
  /** Names of instances, without template and suffix. */
  readonly instances: readonly string[];
  readonly channels: readonly string[];
  /** Keys of an env that playbooks require. */
  readonly keys: readonly string[];
  /** Files that an env comes from. */
  readonly envFiles: readonly string[];
  /** Folders below the project that units were found in. */
  readonly folders: readonly string[];
};

type Kept = { readonly stamp: string; readonly names: Names };

/** Numbers of generations by app on a host, as far as this machine has heard of them. */
type Generations = Readonly<Record<string, readonly number[]>>;

/**
 * The names of a project: those that are kept, where no file has changed since, or else those that are read now.
 * @param read what to do where files have changed; it gets what was kept until then
 */
export async function keepNames(
  project: string,
  { env, home }: Invoker,
  read: (before: Names | null) => Promise<Names>,
): Promise<Names> {
  const folder = cacheFolder(env, home);
  const name = cacheName('names-3', project);
  const kept = parsed<Kept>(await readCached(folder, name));
  const stamp = await stampOf(project, kept?.names.folders ?? []);
  if (kept !== null && kept.stamp === stamp) return kept.names;
  const names = await read(kept?.names ?? null);
  const now: Kept = { stamp: await stampOf(project, names.folders), names };
  await writeCached(folder, name, JSON.stringify(now));
  return names;
}

/** What was kept was written by us, whole. */
const parsed = <T>(text: string | null): T | null => (text === null ? null : JSON.parse(text));

/** When the files that names come from were changed. */
async function stampOf(project: string, folders: readonly string[]): Promise<string> {
  const listed = await Promise.all(
    ['inventory', 'playbooks'].map(async (name) =>
      (await readdir(join(project, name)).catch(() => [])).map((file) => `${name}/${file}`),
    ),
  );
  const stamps = [...listed.flat().sort(), ...folders].map(async (path) => {
    const info = await stat(join(project, path)).catch(() => null);
    return `${path} ${info?.mtimeMs} ${info?.size}`;
  });
  return (await Promise.all(stamps)).join('\n');
}

const UNIT = /^[\w:.\\-]+(@[\w:.\\-]+)?\.(service|target|timer|socket|path)$/;

/** What an inventory names. */
export type Inventoried = Pick<Names, 'hosts' | 'groups' | 'channels'>;

/** Names as completion offers them. @param playbooks the plain values of their files */
export async function namesIn(
  project: string,
  { hosts, groups, channels }: Inventoried,
  playbooks: readonly unknown[],
): Promise<Names> {
  const texts = playbooks.flatMap(textsIn);
  const folders = [...new Set(playbooks.flatMap(unitFolders))].sort();
  const files = await Promise.all(folders.map((folder) => readdir(join(project, folder)).catch(() => [])));
  const apps = playbooks.flatMap((one) => at(one, 'name') ?? []).filter((one) => typeof one === 'string');
  const several = playbooks.flatMap((one) => specsOf(one, 'instances'));
  const instances = several.flatMap((one) => strings([at(one, 'names')].flat()));
  const ofTemplates = several.flatMap((one) => {
    const [template = ''] = strings([at(one, 'of')]);
    return strings([at(one, 'names')].flat()).map((name) => template.replace('@.', `@${name}.`));
  });
  const units = [...texts, ...files.flat(), ...ofTemplates].filter((text) => UNIT.test(text));
  const envs = playbooks.flatMap((one) => specsOf(one, 'env'));
  const keys = strings(envs.flatMap((env) => at(env, 'required')));
  const envFiles = strings(envs.map((env) => at(env, 'from'))).filter((from) => !from.includes('{{'));
  const tidy = (all: readonly string[]) => [...new Set(all)].sort();
  const names = { hosts: tidy(hosts), groups: tidy(groups), channels: tidy(channels), apps: tidy(apps) };
  return {
    ...names,
    units: tidy(units),
    instances: tidy(instances),
    keys: tidy(keys),
    envFiles: tidy(envFiles),
    folders,
  };
}

const strings = (all: readonly unknown[]) => all.filter((one) => typeof one === 'string');

const at = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined;

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

/** Where the tasks `units` take them from; one that depends on the host is left out. */
const unitFolders = (playbook: unknown): readonly string[] =>
  strings(specsOf(playbook, 'units').map((units) => at(units, 'from'))).filter((from) => !from.includes('{{'));

/** What the tasks of a kind say. */
const specsOf = (playbook: unknown, kind: string): readonly unknown[] =>
  [at(playbook, 'tasks')].flat().map((task) => at(task, kind));

/** Remembers the generations that a run has told of. */
export async function keepGenerations(project: string, { env, home }: Invoker, summary: Summary): Promise<void> {
  const [folder, name] = [cacheFolder(env, home), cacheName('generations-1', project)];
  const before = parsed<Generations>(await readCached(folder, name)) ?? {};
  const now: Record<string, readonly number[]> = { ...before };
  for (const { host, app, outcome } of summary.hosts) {
    const key = `${host}/${app}`;
    const known = now[key] ?? [];
    if (outcome.end === 'removed') now[key] = [];
    else if (outcome.end === 'reported' && outcome.report.kind === 'history')
      now[key] = outcome.report.generations.map(({ id }) => id);
    else if ('generation' in outcome && outcome.generation > 0 && !known.includes(outcome.generation))
      now[key] = [...known, outcome.generation];
  }
  if (JSON.stringify(now) !== JSON.stringify(before)) await writeCached(folder, name, JSON.stringify(now));
}

/** Known generations of the given hosts and apps, all of them where none is given, the newest first. */
export async function knownGenerations(
  project: string,
  { env, home }: Invoker,
  { hosts, apps }: { readonly hosts: readonly string[]; readonly apps: readonly string[] },
): Promise<readonly number[]> {
  const kept = parsed<Generations>(await readCached(cacheFolder(env, home), cacheName('generations-1', project))) ?? {};
  const among = (names: readonly string[], name: string) => names.length === 0 || names.includes(name);
  const numbers = Object.entries(kept).flatMap(([key, of]) => {
    const [host = '', app = ''] = key.split('/');
    return among(hosts, host) && among(apps, app) ? of : [];
  });
  return [...new Set(numbers)].sort((a, b) => b - a);
}
