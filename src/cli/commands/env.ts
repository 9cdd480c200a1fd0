import { isKey, KEY_RULE } from '../../env/key.ts';
import { listEnv, setEnv, unsetEnv } from '../../library/commands/env.ts';
import type { Secret } from '../../model/secret.ts';
import type { JsonLine } from '../../output/json-line.ts';
import {
  deployEnv,
  isRequired,
  isSetInPlaybook,
  keyCells,
  keyChanged,
  valueInArguments,
} from '../../output/messages/env.ts';
import { table } from '../../output/tables/table.ts';
import { clean } from '../../util/sanitize.ts';
import { askSecret, readSecretInput } from '../ask.ts';
import type { CliContext, CommonFlags } from '../context.ts';
import { endLine, printJson } from '../json.ts';
import { openProject } from '../project.ts';
import { UsageError } from '../refusal.ts';

type EnvFlags = CommonFlags & { readonly app: readonly string[]; readonly file?: string };

/** `fleet env list|set|unset`: the names in the env files of this machine, and one of them changed. @throws UsageError */
export async function env(action: string, words: readonly string[], flags: EnvFlags, context: CliContext): Promise<0> {
  const key = action === 'list' ? null : keyOf(action, words);
  if (action === 'list' && words.length > 0)
    throw new UsageError('list takes no key: it tells the names of all of them');
  const project = await openProject(flags, context);
  const options = { apps: flags.app, ...(flags.file === undefined ? {} : { file: flags.file }) };
  const print = (text: string) => flags.quiet || context.stdout.write(`${clean(text)}\n`);
  const end = (lines: readonly JsonLine[]): 0 => {
    for (const line of [...lines, endLine('env', 0)]) printJson(context, line);
    return 0;
  };

  if (key === null) {
    const files = await listEnv(project, options);
    if (flags.json) return end(files.map((one) => ({ type: 'env', ...one, v: 1 })));
    const rows = files.flatMap(({ file, apps, keys }) => keys.map((one) => [apps.join(', '), ...keyCells(file, one)]));
    for (const line of table(['APP', 'KEY', 'PLACE', ''], rows, Number.POSITIVE_INFINITY)) print(line);
    return 0;
  }

  const change =
    action === 'set'
      ? await setEnv(project, key, () => givenValue(key, context), options)
      : await unsetEnv(project, key, options);
  const { file, apps, line, had } = change;
  if (change.overruled) context.stderr.write(`warning: ${isSetInPlaybook(key)}\n`);
  if (change.missing) context.stderr.write(`warning: ${isRequired(key)}\n`);
  if (flags.json) return end([{ type: 'env-change', file, apps, key, line, had, v: 1 }]);
  print(keyChanged(file, key, change, action === 'unset'));
  print(deployEnv(apps));
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
