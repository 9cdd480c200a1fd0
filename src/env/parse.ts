import { fail, ok, type Result } from '../model/outcome.ts';
import { type EnvEntry, isShellOwn, KEY_RULE } from './key.ts';
import { brokenText, decode, type EnvProblem, endOfLine, problemAt } from './text.ts';
import { readValue } from './value.ts';

/** The variables of an env file. */
export type EnvFile = {
  readonly entries: readonly EnvEntry[];
  /** By key the lines that it has, counted from 1. */
  readonly places: ReadonlyMap<string, { readonly first: number; readonly last: number }>;
  /** Lines that no reader but fleet takes as they stand. */
  readonly loose: readonly number[];
};

/**
 * Reads an env file by a strict grammar; every mistake is reported, not only the first.
 *
 *   file   = lines, LF or CRLF, each one blank, `#` comment or KEY=value
 *   key    = [A-Za-z_][A-Za-z0-9_]*, once, and not a name that shells set themselves
 *   value  = bare | '…' | "…" with the escapes \n \t \r \" \\ \$ \`
 *
 * Quoted values may span lines. A bare value has none of the characters that systemd, shells and dotenv libraries
 * read differently: quotes, # $ ` \ ; & | < > ( ) and ~ where a shell would expand it. What has one meaning to
 * everybody who can read it at all is taken too, and told of, since it is not written as it stands: `export` before a
 * key, blanks around the = sign, and blanks inside a bare value.
 */
export function readEnv(input: string | Uint8Array): Result<EnvFile, readonly EnvProblem[]> {
  const raw = typeof input === 'string' ? input : decode(input);
  const broken = brokenText(raw);
  if (broken !== null) return fail([broken]);

  const text = raw.replaceAll('\r\n', '\n');
  const entries: EnvEntry[] = [];
  const problems: EnvProblem[] = [];
  const loose: number[] = [];
  const seen = new Map<string, number>();
  const places = new Map<string, { readonly first: number; readonly last: number }>();
  let [number, counted] = [1, 0];
  /** The line of a place, which is behind those that were asked for before. */
  const lineOf = (index: number): number => {
    for (let next = endOfLine(text, counted); next < index; next = endOfLine(text, counted)) {
      number += 1;
      counted = next + 1;
    }
    return number;
  };
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = endOfLine(text, at);
    const line = text.slice(at, end);
    if (/^[ \t]*(#.*)?$/.test(line)) continue;

    const [head, before = '', key, around] =
      /^([ \t]*(?:export[ \t]+)?)([A-Za-z_][A-Za-z0-9_]*)([ \t]*=[ \t]*)/.exec(line) ?? [];
    if (head === undefined || key === undefined) {
      problems.push(problemAt(text, at + line.search(/[^ \t]/), headTrouble(line)));
      continue;
    }
    const first = seen.get(key);
    const trouble = keyTrouble(key, first === undefined ? null : problemAt(text, first, '').line);
    if (trouble !== null) problems.push(problemAt(text, at + before.length, trouble));
    seen.set(key, first ?? at);

    const read = readValue(text, at + head.length);
    if (read.ok) {
      entries.push({ key, value: read.value.value });
      const own = { first: lineOf(at), last: lineOf(read.value.end) };
      places.set(key, own);
      const rest = line.slice(head.length);
      const blanks = /^[^'"].*[ \t]/.test(rest.trimEnd()) || (around !== '=' && (rest !== '' || around?.[0] !== '='));
      if (before.trim() !== '' || blanks) loose.push(own.first);
    } else problems.push(problemAt(text, read.failure.at, `${key}: ${read.failure.message}`));
    end = read.ok ? read.value.end : read.failure.end;
  }
  return problems.length > 0 ? fail(problems) : ok({ entries, places, loose });
}

/** The variables alone. */
export function parseEnv(input: string | Uint8Array): Result<readonly EnvEntry[], readonly EnvProblem[]> {
  const read = readEnv(input);
  return read.ok ? ok(read.value.entries) : read;
}

function keyTrouble(key: string, firstLine: number | null): string | null {
  if (firstLine !== null) return `${key} is set twice, first in line ${firstLine}`;
  return isShellOwn(key) ? `${key} is a name that shells set themselves: choose another` : null;
}

/** Why a line does not begin with `KEY=`. It may be a piece of a value, so nothing of it is shown. */
function headTrouble(line: string): string {
  if (!line.includes('=')) return 'not KEY=value, a # comment or blank; a value of several lines goes in quotes';
  return `the key ${KEY_RULE}; a value of several lines goes in quotes`;
}
