import { fail, ok, type Result } from '../model/outcome.ts';
import { type EnvEntry, isShellOwn, KEY_RULE } from './key.ts';
import { brokenText, decode, type EnvProblem, endOfLine, problemAt } from './text.ts';
import { readValue } from './value.ts';

/**
 * Reads an env file by a strict grammar; every mistake is reported, not only the first.
 *
 *   file   = lines, LF or CRLF, each one blank, `#` comment or KEY=value
 *   key    = [A-Za-z_][A-Za-z0-9_]*, once, and not a name that shells set themselves
 *   value  = bare | '…' | "…" with the escapes \n \t \r \" \\ \$ \`
 *
 * Quoted values may span lines. A bare value has none of the characters that systemd, shells and dotenv libraries
 * read differently: blanks, quotes, # $ ` \ ; & | < > ( ) and ~ where a shell would expand it.
 */
export function parseEnv(input: string | Uint8Array): Result<readonly EnvEntry[], readonly EnvProblem[]> {
  const raw = typeof input === 'string' ? input : decode(input);
  const broken = brokenText(raw);
  if (broken !== null) return fail([broken]);

  const text = raw.replaceAll('\r\n', '\n');
  const entries: EnvEntry[] = [];
  const problems: EnvProblem[] = [];
  const seen = new Map<string, number>();
  for (let at = 0, end = 0; at < text.length; at = end + 1) {
    end = endOfLine(text, at);
    const line = text.slice(at, end);
    if (/^[ \t]*(#.*)?$/.test(line)) continue;

    const [head, blanks = '', key] = /^([ \t]*)([A-Za-z_][A-Za-z0-9_]*)=/.exec(line) ?? [];
    if (head === undefined || key === undefined) {
      problems.push(problemAt(text, at + line.search(/[^ \t]/), headTrouble(line)));
      continue;
    }
    const first = seen.get(key);
    const trouble = keyTrouble(key, first === undefined ? null : problemAt(text, first, '').line);
    if (trouble !== null) problems.push(problemAt(text, at + blanks.length, trouble));
    seen.set(key, first ?? at);

    const read = readValue(text, at + head.length);
    if (read.ok) entries.push({ key, value: read.value.value });
    else problems.push(problemAt(text, read.failure.at, `${key}: ${read.failure.message}`));
    end = read.ok ? read.value.end : read.failure.end;
  }
  return problems.length > 0 ? fail(problems) : ok(entries);
}

function keyTrouble(key: string, firstLine: number | null): string | null {
  if (firstLine !== null) return `${key} is set twice, first in line ${firstLine}`;
  return isShellOwn(key) ? `${key} is a name that shells set themselves: choose another` : null;
}

/** Why a line does not begin with `KEY=`. It may be a piece of a value, so nothing of it is shown. */
function headTrouble(line: string): string {
  if (/^[ \t]*export[ \t]/.test(line)) return 'remove `export`: systemd would ignore the line';
  if (/^[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]+=/.test(line)) return 'a space before the = sign: remove it';
  if (!line.includes('=')) return 'not KEY=value, a # comment or blank; a value of several lines goes in quotes';
  return `the key ${KEY_RULE}; a value of several lines goes in quotes`;
}
