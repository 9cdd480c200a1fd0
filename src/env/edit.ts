import { ok, type Result } from '../model/outcome.ts';
import type { Secret } from '../model/secret.ts';
import { isKey } from './key.ts';
import { readEnv } from './parse.ts';
import { type EnvProblem, problemAt } from './text.ts';
import { isValue } from './value.ts';

/** A file with one variable changed; `line` is where it stands now, or stood. */
export type Edited = { readonly text: string; readonly line: number; readonly had: boolean };

/**
 * Gives a variable of an env file a value, or takes it out with null; every other byte stays as it is. A new one gets a line
 * at the end.
 * @returns what is wrong with the file, in which case nothing may be changed
 * @throws on a key or a value that cannot be carried at all; `isKey` and `isValue` say so before
 */
export function editEnv(text: string, key: string, value: Secret | null): Result<Edited, readonly EnvProblem[]> {
  const read = readEnv(text);
  if (!read.ok) return read;
  const place = read.value.places.get(key);
  const lines = text.split('\n');
  // As all its lines end.
  const end = lines.length > 1 && lines.slice(0, -1).every((line) => line.endsWith('\r')) ? '\r\n' : '\n';
  const written = value === null ? null : writeLocal(key, value.reveal());
  let edited: string;
  let line: number;
  if (place !== undefined) {
    line = place.first;
    const before = lines.slice(0, place.first - 1);
    const after = lines.slice(place.last);
    const head = /^[^=]*=[ \t]*/.exec(lines[place.first - 1] ?? '')?.[0] ?? '';
    const tail = lines[place.last - 1]?.endsWith('\r') ? '\r' : '';
    edited = [...before, ...(written === null ? [] : [`${head}${written}${tail}`]), ...after].join('\n');
  } else if (written === null) {
    return ok({ text, line: 0, had: false });
  } else {
    const whole = text === '' || text.endsWith('\n') ? text : `${text}${end}`;
    line = problemAt(whole, whole.length, '').line;
    edited = `${whole}${key}=${written}${end}`;
  }
  if (meaning(edited) !== meaning(text, key, value)) throw new Error(`${key} cannot be written as it is meant`);
  return ok({ text: edited, line, had: place !== undefined });
}

/** What a text says, in one text, with a change where there is one. */
function meaning(text: string, key = '', value: Secret | null = null): string {
  const read = readEnv(text);
  if (!read.ok) return '';
  const said = new Map(read.value.entries.map((one) => [one.key, one.value]));
  if (value !== null) said.set(key, value.reveal());
  else said.delete(key);
  return JSON.stringify([...said].sort());
}

/** A value as it stands in a file that people edit; `write.ts` has the dialect of the file on a host. */
function writeLocal(key: string, value: string): string {
  if (!isKey(key) || !isValue(value)) throw new Error(`${key} cannot be carried by an env file`);
  if (/^[A-Za-z0-9_./:@%+,=-]*$/.test(value)) return value;
  if (!/['\r]/.test(value)) return `'${value}'`;
  const named: Readonly<Record<string, string>> = { '\r': '\\r' };
  return `"${value.replace(/["\\$`\r]/g, (character) => named[character] ?? `\\${character}`)}"`;
}
