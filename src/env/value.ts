import { fail, ok, type Result } from '../model/outcome.ts';
import { endOfLine } from './text.ts';

/** A value, or what is wrong and where; `end` is the end of the value's last line. Positions count in the whole text. */
export type ReadValue = Result<
  { readonly value: string; readonly end: number },
  { readonly at: number; readonly end: number; readonly message: string }
>;

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '"': '"', '\\': '\\', $: '$', '`': '`' };

/** Code points that Unicode reserves for no text at all; systemd refuses a whole file for one of them. */
const NO_CHARACTER = /\p{Noncharacter_Code_Point}/u;

/** Whether an env file can carry a text as a value at all. */
export const isValue = (text: string) => !/[\0\p{Surrogate}]/u.test(text) && !NO_CHARACTER.test(text);

/** Reads the value that begins right after `KEY=`. */
export function readValue(text: string, start: number): ReadValue {
  const read = readQuoted(text, start);
  if (!read.ok || !NO_CHARACTER.test(read.value.value)) return read;
  const message =
    'the value holds a code point that is no character (such as U+FFFE): systemd would refuse the whole file';
  return fail({ at: start, end: read.value.end, message });
}

function readQuoted(text: string, start: number): ReadValue {
  if (text[start] === "'") return readSingle(text, start);
  return text[start] === '"' ? readDouble(text, start) : readBare(text, start);
}

function readBare(text: string, start: number): ReadValue {
  const end = endOfLine(text, start);
  const value = text.slice(start, end).replace(/[ \t]+$/, '');
  const bad = /(?![ \t])[\s"'#$`\\;&|<>()\p{Cc}]|(?<=^|[:=])~/u.exec(value);
  const second = /[ \t](?=[A-Za-z_][A-Za-z0-9_]*=)/.exec(value);
  // To a shell these are two variables, to others one.
  if (bad === null && second !== null) return fail({ at: start + second.index + 1, end, message: SECOND });
  if (bad === null) return ok({ value, end });
  return fail({ at: start + bad.index, end, message: bareTrouble(bad[0], value.slice(bad.index)) });
}

/** @param rest the value from the character on */
function bareTrouble(character: string, rest: string): string {
  if (character === '#')
    return '# outside quotes: put a comment on a line of its own, and a value with it in single quotes';
  if (isVariable(rest)) return NOT_FILLED_IN;
  if (character === '~') return '~ outside quotes: write the folder out, or put single quotes around a plain tilde';
  if (/[\s\p{Cc}]/u.test(character)) return 'a blank or control character outside quotes: quote the value';
  if (/["']/.test(character))
    return 'a quote inside an unquoted value: put the other kind of quotes around the whole value';
  return `${character} outside quotes is not read alike by systemd and by shells: put single quotes around the value`;
}

/** Whether a dollar sign begins what looks like a variable. */
const isVariable = (rest: string) => /^\$(\{|[A-Za-z_])/.test(rest);

const SECOND =
  'what looks like another variable in the same line: give it a line of its own, or put quotes around the value';

const NOT_FILLED_IN =
  '$ outside quotes: variables are not filled in here, so write the value itself (or give it with `set:` in the playbook); a plain dollar sign goes in single quotes';

function readSingle(text: string, start: number): ReadValue {
  const close = text.indexOf("'", start + 1);
  if (close === -1) return fail({ at: start, end: text.length, message: 'this single quote is never closed' });
  return finish(text, start, close, text.slice(start + 1, close));
}

function readDouble(text: string, start: number): ReadValue {
  let value = '';
  let trouble: { readonly at: number; readonly message: string } | null = null;
  for (let i = start + 1; i < text.length; i += 1) {
    const c = text[i] ?? '';
    if (c === '"') {
      return trouble === null ? finish(text, start, i, value) : fail({ ...trouble, end: endOfLine(text, i) });
    }
    if (c === '\\') {
      const escaped = ESCAPES[text[i + 1] ?? ''];
      trouble ??= escaped === undefined ? { at: i, message: STRAY_BACKSLASH } : null;
      value += escaped ?? '';
      i += 1;
    } else {
      if (c === '$' || c === '`') trouble ??= { at: i, message: expansion(text.slice(i, i + 3)) };
      value += c;
    }
  }
  return fail({ at: start, end: text.length, message: 'this double quote is never closed' });
}

function expansion(from: string): string {
  const [c] = from;
  const plain = `a shell would expand ${c} in double quotes: write \\${c}`;
  if (!isVariable(from)) return plain;
  return `a shell would expand $ in double quotes, but variables are not filled in here: write the value itself (or give it with \`set:\` in the playbook); a plain dollar sign is \\$`;
}

const STRAY_BACKSLASH = 'in double quotes a backslash goes before n t r " \\ $ or `: write \\\\, or use single quotes';

/** Nothing but blanks may follow a closing quote. */
function finish(text: string, start: number, close: number, value: string): ReadValue {
  const end = endOfLine(text, close);
  const rest = text.slice(close + 1, end).search(/[^ \t]/);
  if (rest === -1) return ok({ value, end });
  if (value.includes('\n') && text.slice(start, close).includes('\n')) {
    const message =
      'the value that this quote begins ends in a later line, with text after its end: is a quote missing?';
    return fail({ at: start, end, message });
  }
  const message =
    'text after the closing quote: give a comment a line of its own, and a quote inside the value the other kind around it';
  return fail({ at: close + 1 + rest, end, message });
}
