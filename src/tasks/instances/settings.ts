import type { EnvEntry } from '../../env/key.ts';
import { parseEnv } from '../../env/parse.ts';
import { fail, ok, type Result } from '../../model/outcome.ts';
import { kindOf } from '../../unit/directives/directives.ts';
import { hasUrlPassword, looksSecret, namesSecret } from '../../unit/lint/secret-words.ts';
import { environmentWord } from '../../unit/syntax/words.ts';
import { RESOURCES, type Resource } from './schema.ts';

/** What is wrong with an instance's inputs; `line` is of its settings file, 0 where no line is to blame. */
export type Trouble = { readonly file: string; readonly line: number; readonly message: string };

/** What an instance has for itself. */
export type Settings = {
  readonly resources: ReadonlyMap<Resource, string>;
  readonly environment: readonly EnvEntry[];
};

/** Reads one settings file. No value is shown but those of directives, which are no secrets. */
export function readSettings(
  file: string,
  text: string,
  directives: readonly (readonly [Resource, string])[],
): Result<Settings, readonly Trouble[]> {
  const parsed = parseEnv(text);
  if (!parsed.ok) return fail(parsed.failure.map(({ line, message }) => ({ file, line, message })));
  const values = new Map(parsed.value.map(({ key, value }) => [key, value]));
  const taken = new Set(directives.map(([, key]) => key));
  const resources = new Map(
    directives.flatMap(([name, key]) => {
      const value = values.get(key);
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const environment = parsed.value.filter(({ key }) => !taken.has(key));

  const trouble = (key: string, message: string | null) =>
    message === null ? [] : [{ file, line: lineOf(text, key), message }];
  const wrong = [
    ...directives.flatMap(([name, key]) => trouble(key, valueTrouble(name, key, resources.get(name)))),
    ...environment.flatMap((entry) => trouble(entry.key, variableTrouble(entry))),
  ];
  return wrong.length > 0 ? fail(wrong) : ok({ resources, environment });
}

function valueTrouble(name: Resource, key: string, value: string | undefined): string | null {
  if (value === undefined) return null;
  if (value === '') return `${key} is empty, so ${name}= would have no value: write one, or leave the line out`;
  const kind = kindOf('Service', name);
  if (kind === undefined) throw new Error(`nothing is known of the values of ${name}=`);
  if (kind.takes(value) && !/\p{Cc}/u.test(value)) return null;
  return `${key} becomes ${name}=${value.replace(/\p{Cc}/gu, '?')}, which is not ${kind.expected}; systemd would ignore it`;
}

function variableTrouble({ key, value }: EnvEntry): string | null {
  if ((namesSecret(key) && looksSecret(value)) || hasUrlPassword(value))
    return `${key} looks like a secret, and systemctl show prints Environment= to everybody: put it into the file of the env task`;
  if (/[^\P{Cc}\t]/u.test(value))
    return `${key} holds a line break or another control character, which not every systemd takes in Environment=`;
  return null;
}

/** The 1-based line on which a key of a file that parses stands; not one inside of a quoted value. */
function lineOf(text: string, key: string): number {
  const lines = text.split('\n');
  const begins = (line: string) => /^\s*(?:export\s+)?(\w+)\s*=/.exec(line)?.[1] === key;
  return lines.findIndex((line, i) => begins(line) && parseEnv(lines.slice(0, i).join('\n')).ok) + 1;
}

/** The drop-in of an instance, or null when it has nothing for itself. */
export function dropInOf({ resources, environment }: Settings): string | null {
  const lines = [
    ...[...resources].map(([name, value]) => `${name}=${value}`),
    ...environment.map(({ key, value }) => `Environment=${environmentWord(key, value)}`),
  ];
  return lines.length === 0 ? null : ['[Service]', ...lines, ''].join('\n');
}

/** The other way round: what limits a drop-in sets. */
export const resourcesIn = (dropIn: string): ReadonlyMap<Resource, string> =>
  new Map(
    dropIn.split('\n').flatMap((line) => {
      const name = RESOURCES.find((one) => line.startsWith(`${one}=`));
      return name === undefined ? [] : [[name, line.slice(name.length + 1)]];
    }),
  );
