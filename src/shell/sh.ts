/**
 * The only way to write a remote command, and the only quoting in the program.
 *
 * A `Script` is shell text in which every foreign word was quoted here, so a plain string can never be run.
 * Written for POSIX sh: dash, bash and busybox ash read it alike.
 */
export class Script {
  private constructor(readonly text: string) {}

  /** Text that is itself a program of ours (a file of this package), never text with foreign words in it. */
  static ofProgram(text: string): Script {
    return new Script(text);
  }

  static join(parts: readonly Script[], separator: ';' | '&&' | '\n'): Script {
    return new Script(parts.map((part) => part.text).join(separator === '\n' ? '\n' : ` ${separator} `));
  }

  toString(): string {
    return this.text;
  }
}

/** What a placeholder may hold. A `Secret` is deliberately absent: secrets travel on standard input. */
export type Placeholder = string | number | readonly (string | number)[] | Script;

/**
 * Quotes one word for POSIX sh. A single quote is written by leaving the quoted stretch and coming back.
 * @throws on NUL, which no command line can carry.
 */
export function quote(word: string): string {
  if (word.includes('\0')) throw new Error('a command word cannot contain NUL');
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}

/** Quote state at the end of a literal piece, to refuse a placeholder that would land inside quotes or a comment. */
function scan(piece: string, state: string): string {
  let inside = state;
  for (let i = 0; i < piece.length; i += 1) {
    const c = piece[i];
    if (inside === "'") inside = c === "'" ? '' : inside;
    else if (c === '\\') i += 1;
    else if (inside === '"') inside = c === '"' ? '' : inside;
    else if (c === "'" || c === '"') inside = c;
  }
  return inside;
}

function fill(placeholder: Placeholder): string {
  if (placeholder instanceof Script) return placeholder.text;
  if (typeof placeholder === 'string') return quote(placeholder);
  if (typeof placeholder === 'number') return String(placeholder);
  return placeholder.map((word) => quote(String(word))).join(' ');
}

/**
 * sh`useradd --home-dir ${home} -- ${name}` → Script. A string becomes one word, an array several, a `Script` is
 * composed in as it stands.
 * @throws when a placeholder sits inside quotes, or the literal parts leave a quote open: bugs, found by the first test.
 */
export function sh(pieces: TemplateStringsArray, ...placeholders: Placeholder[]): Script {
  let text = '';
  let state = '';
  pieces.raw.forEach((piece, i) => {
    state = scan(piece, state);
    text += piece;
    const placeholder = placeholders[i];
    if (placeholder === undefined) return;
    if (state !== '') throw new Error(`a placeholder inside ${state} quotes: ${piece}`);
    text += fill(placeholder);
  });
  if (state !== '') throw new Error(`an open ${state} quote: ${text}`);
  return Script.ofProgram(text);
}
