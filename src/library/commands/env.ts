import { suggestion } from '../../config/diagnostics/nearest.ts';
import { changeKey, type EnvKey, type EnvSource, envSources, keysOf } from '../../config/inputs/env-files.ts';
import type { Project } from '../../config/project.ts';
import { isKey, KEY_RULE } from '../../env/key.ts';
import type { Result } from '../../model/outcome.ts';
import { Secret } from '../../model/secret.ts';
import { Refusal, refused } from '../refusal.ts';

/** Which of the env files of this machine is meant, where there are several. */
export type EnvOptions = {
  /** Only the files of these apps. */
  readonly apps?: readonly string[];
  /** Only this file, as a playbook names it. */
  readonly file?: string;
};

/** An env file of this machine: its keys without their values. */
export type EnvFile = { readonly file: string; readonly apps: readonly string[]; readonly keys: readonly EnvKey[] };

/** What was changed in an env file: no host has it before the next deploy. */
export type EnvChange = {
  readonly file: string;
  readonly apps: readonly string[];
  /** Where the key stands, or stood. */
  readonly line: number;
  /** Whether it was there before. */
  readonly had: boolean;
  /** Whether a playbook gives the key a value of its own, which counts more. */
  readonly overruled: boolean;
  /** Whether a playbook wants the key that is gone. */
  readonly missing: boolean;
};

type Value = string | Secret;

/** The env files that the playbooks name, by their keys; values are never given back. */
export type Env = {
  /** Every env file with its keys. */
  list(options?: EnvOptions): Promise<Result<readonly EnvFile[], Refusal>>;
  /**
   * Writes one key in its file's grammar and leaves the rest of the file as it is; refused where several files may be meant.
   * @param value or what asks for it, once it is known that there is a place for it
   */
  set(key: string, value: Value | (() => Promise<Value>), options?: EnvOptions): Promise<Result<EnvChange, Refusal>>;
  /** Takes the key out of the file; refused where it is not there. */
  unset(key: string, options?: EnvOptions): Promise<Result<EnvChange, Refusal>>;
};

/** @throws Refusal */
export const listEnv = (project: Project, options: EnvOptions): Promise<readonly EnvFile[]> =>
  Promise.all(
    sourcesOf(project, options).map(async (source) => ({
      ...{ file: source.file, apps: [...source.apps] },
      keys: told(await keysOf(project, source)),
    })),
  );

/** @throws Refusal */
export async function setEnv(
  project: Project,
  key: string,
  value: Value | (() => Promise<Value>),
  options: EnvOptions,
): Promise<EnvChange> {
  if (!isKey(key)) throw new Refusal(`the key ${KEY_RULE}`);
  const source = oneOf(sourcesOf(project, options));
  const given = typeof value === 'function' ? await value() : value;
  return changed(project, source, key, given instanceof Secret ? given : new Secret(key, given));
}

/** @throws Refusal */
export async function unsetEnv(project: Project, key: string, options: EnvOptions): Promise<EnvChange> {
  const source = oneOf(sourcesOf(project, options));
  const names = told(await keysOf(project, source)).flatMap(({ key: name, line }) => (line > 0 ? [name] : []));
  if (!names.includes(key)) throw new Refusal(hinted(`${source.file} has no ${key}`, suggestion(key, names, 'keys')));
  return changed(project, source, key, null);
}

async function changed(project: Project, source: EnvSource, key: string, value: Secret | null): Promise<EnvChange> {
  const { file, apps, set, required } = source;
  const { line, had } = told(await changeKey(project, source, key, value));
  return {
    ...{ file, apps: [...apps], line, had, overruled: set.has(key) },
    missing: value === null && required.has(key),
  };
}

function sourcesOf(project: Project, { apps = [], file }: EnvOptions): readonly EnvSource[] {
  const found = envSources(project, apps);
  if (!found.ok) throw refused(found.failure);
  const sources = found.value.filter((one) => file === undefined || one.file === file);
  if (sources.length > 0) return sources;
  if (file === undefined)
    throw new Refusal('no env task takes its values from a file; of a variable or a command there is nothing to edit');
  const known = found.value.map((one) => one.file);
  throw new Refusal(hinted(`no env task reads ${file}`, suggestion(file, known, 'files')));
}

function oneOf([source, ...others]: readonly EnvSource[]): EnvSource {
  if (source !== undefined && others.length === 0) return source;
  const all = [source, ...others].flatMap((one) =>
    one === undefined ? [] : [`${one.file} (${[...one.apps].join(', ')})`],
  );
  throw new Refusal(`there are several env files: choose one with --app or --file\n${all.join('\n')}`);
}

const told = <T>(result: Result<T, string>): T => {
  if (!result.ok) throw new Refusal(result.failure);
  return result.value;
};

const hinted = (what: string, hint: string | null) => (hint === null ? what : `${what}\n${hint}`);
