import { suggestion } from '../../config/diagnostics/nearest.ts';
import { changeKey, type EnvSource, envSources, keysOf } from '../../config/inputs/env-files.ts';
import { isKey, KEY_RULE } from '../../env/key.ts';
import type { Result } from '../../model/outcome.ts';
import type { Secret } from '../../model/secret.ts';
import {
  deployEnv,
  isRequired,
  isSetInPlaybook,
  keyCells,
  keyChanged,
  valueInArguments,
} from '../../output/messages/env.ts';
import { table } from '../../output/tables/table.ts';
import { clean, cleanJson } from '../../util/sanitize.ts';
import { askSecret, readSecretInput } from '../ask.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { openProject } from '../project.ts';
import { refused, UsageError } from '../refusal.ts';

type EnvFlags = CommonFlags & { readonly app: readonly string[]; readonly file?: string };

/** `fleet env list|set|unset`: the names in the env files of this machine, and one of them changed. @throws UsageError */
export async function env(action: string, words: readonly string[], flags: EnvFlags, context: CliContext): Promise<0> {
  const key = action === 'list' ? null : keyOf(action, words);
  if (action === 'list' && words.length > 0)
    throw new UsageError('list takes no key: it tells the names of all of them');
  const project = await openProject(flags, context);
  const found = envSources(project, flags.app);
  if (!found.ok) throw refused(found.failure);
  const sources = found.value.filter(({ file }) => flags.file === undefined || file === flags.file);
  const known = found.value.map(({ file }) => file);
  if (sources.length === 0 && flags.file !== undefined)
    throw new UsageError(hinted(`no env task reads ${flags.file}`, suggestion(flags.file, known, 'files')));
  if (sources.length === 0)
    throw new UsageError(
      'no env task takes its values from a file; of a variable or a command there is nothing to edit',
    );
  const print = (text: string) => flags.quiet || context.stdout.write(`${clean(text)}\n`);
  const end = (more: object): 0 => {
    if (!flags.json) return 0;
    context.stdout.write(`${cleanJson({ type: 'summary', command: 'env', exitCode: 0, hosts: [], ...more, v: 1 })}\n`);
    return 0;
  };

  if (key === null) {
    const files = await Promise.all(
      sources.map(async (source) => ({ source, keys: told(await keysOf(project, source)) })),
    );
    if (flags.json)
      return end({ files: files.map(({ source: { file, apps }, keys }) => ({ file, apps: [...apps], keys })) });
    const rows = files.flatMap(({ source: { file, apps }, keys }) =>
      keys.map((one) => [[...apps].join(', '), ...keyCells(file, one)]),
    );
    for (const line of table(['APP', 'KEY', 'PLACE', ''], rows, Number.POSITIVE_INFINITY)) print(line);
    return 0;
  }

  const [source, ...others] = sources;
  if (source === undefined || others.length > 0) throw new UsageError(several(sources));
  const value = action === 'set' ? await givenValue(key, context) : null;
  if (value === null) {
    const names = told(await keysOf(project, source)).flatMap(({ key: name, line }) => (line > 0 ? [name] : []));
    if (!names.includes(key))
      throw new UsageError(hinted(`${source.file} has no ${key}`, suggestion(key, names, 'keys')));
  }
  const change = told(await changeKey(project, source, key, value));
  if (source.set.has(key)) context.stderr.write(`warning: ${isSetInPlaybook(key)}\n`);
  if (value === null && source.required.has(key)) context.stderr.write(`warning: ${isRequired(key)}\n`);
  if (flags.json) return end({ file: source.file, key, line: change.line, had: change.had });
  print(keyChanged(source.file, key, change, value === null));
  print(deployEnv([...source.apps]));
  return 0;
}

/** @throws UsageError which repeats nothing that may be a value */
function keyOf(action: string, words: readonly string[]): string {
  const [word = '', ...more] = words;
  const name = word.split('=')[0] ?? '';
  if (more.length > 0 || word.includes('=')) throw new UsageError(valueInArguments(isKey(name) ? name : null));
  if (word === '') throw new UsageError(`which key? fleet env ${action} KEY`);
  if (!isKey(word)) throw new UsageError(`the key ${KEY_RULE}`);
  return word;
}

async function givenValue(key: string, context: CliContext): Promise<Secret> {
  const value = context.stdin.isTTY
    ? await askSecret(`value of ${key} (it is not shown): `, key, context)
    : await readSecretInput(key, context);
  if (value === null) throw new UsageError(`no value was given for ${key}; nothing was changed`);
  return value;
}

const told = <T>(result: Result<T, string>): T => {
  if (!result.ok) throw new UsageError(result.failure);
  return result.value;
};

const hinted = (what: string, hint: string | null) => (hint === null ? what : `${what}\n${hint}`);

const several = (sources: readonly EnvSource[]) =>
  `there are several env files: choose one with --app or --file\n${sources.map(({ file, apps }) => `${file} (${[...apps].join(', ')})`).join('\n')}`;
