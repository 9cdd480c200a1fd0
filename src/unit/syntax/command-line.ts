import { unknownSpecifier } from './specifiers.ts';
import { nextWord } from './words.ts';

export type Part =
  | { readonly part: 'literal'; readonly text: string }
  /** `${NAME}`: the value as it is, '' when unset. */
  | { readonly part: 'variable'; readonly name: string };

/** One argument, or what a variable splits into. */
export type Word =
  | { readonly word: 'joined'; readonly parts: readonly Part[] }
  /** `$NAME` as a whole word: split at white space with quotes honoured, so none, one or several arguments. */
  | { readonly word: 'split'; readonly name: string };

export type Command = {
  /** Absolute path, or a bare name to look up. */
  readonly path: string;
  /** Given with the prefix `@`; null when it is the path. */
  readonly argv0: string | null;
  /** Arguments after argv[0]. */
  readonly args: readonly Word[];
  /** Prefix `-`: a failure counts as success. */
  readonly ignoreFailure: boolean;
  /** Prefixes `+`, `!`, `!!`: runs with more privilege than the unit's own. */
  readonly privilege: 'unit' | '+' | '!' | '!!';
};

export type CommandLine = {
  readonly commands: readonly Command[];
  readonly problem: string | null;
  /** Whether systemd drops the rest of the line and goes on (the command began with `-`) instead of refusing the unit. */
  readonly forgiven: boolean;
};

/** Turns a word into parts; `$$` is a dollar sign, and `$x` inside a word means nothing. */
function parseWord(text: string, expand: boolean): Word {
  if (!expand) return { word: 'joined', parts: [{ part: 'literal', text }] };
  if (/^\$(?![{$])/.test(text)) return { word: 'split', name: text.slice(1) };
  const parts: Part[] = [];
  let literal = '';
  for (const [token, name] of text.matchAll(/\$\$|\$\{([^}]*)\}|[^$]+|\$/g)) {
    if (name === undefined) literal += token === '$$' ? '$' : token;
    else {
      if (literal !== '') parts.push({ part: 'literal', text: literal });
      literal = '';
      parts.push({ part: 'variable', name });
    }
  }
  if (literal !== '' || parts.length === 0) parts.push({ part: 'literal', text: literal });
  return { word: 'joined', parts };
}

type Prefixes = Pick<Command, 'ignoreFailure' | 'privilege'> & {
  readonly path: string;
  readonly expand: boolean;
  readonly named: boolean;
};

/** Takes the prefixes off the first word; each may stand once, and the privilege ones exclude one another. */
function prefixes(word: string): Prefixes {
  let seen = '';
  let privilege: Command['privilege'] = 'unit';
  let rest = word;
  for (;;) {
    const c = rest.charAt(0);
    if ((c === '-' || c === '@' || c === ':') && !seen.includes(c)) seen += c;
    else if (c === '+' && privilege === 'unit') privilege = '+';
    else if (c === '!' && privilege === 'unit') privilege = '!';
    else if (c === '!' && privilege === '!') privilege = '!!';
    else break;
    rest = rest.slice(1);
  }
  const has = (prefix: string) => seen.includes(prefix);
  return { path: rest, expand: !has(':'), named: has('@'), ignoreFailure: has('-'), privilege };
}

function pathProblem(path: string): string | null {
  if (path === '') return 'a command without a program';
  if (/[\x00-\x1f\x7f"'\\]/.test(path)) return 'quotes, backslashes or control characters in the name of the program';
  if (path.endsWith('/')) return `the program ${path} is a folder`;
  if (!path.startsWith('/') && path.includes('/')) return `the program ${path} is neither absolute nor a bare name`;
  return null;
}

/** `;` between commands and `\;` for the word are told apart before quotes are removed. */
const isSeparator = (text: string, at: number) => /^;(?:\s|$)/.test(text.slice(at, at + 2));
const isEscapedSemicolon = (text: string, at: number) => /^\\;(?:\s|$)/.test(text.slice(at, at + 3));
const skipSpace = (text: string, at: number) => at + (/^\s*/.exec(text.slice(at))?.[0].length ?? 0);

/**
 * Reads the value of an ExecStart= and its like.
 * @param resolve replaces specifiers, after words were split; null when one means nothing
 */
export function parseCommandLine(text: string, resolve: (word: string) => string | null): CommandLine {
  const commands: Command[] = [];
  let at = 0;
  const stop = (problem: string | null, forgiven = false): CommandLine => ({ commands, problem, forgiven });

  for (;;) {
    const first = nextWord(text, at, 'c');
    if (first.at === 'end') return stop(null);
    if (first.at === 'unbalanced') return stop('a quote is never closed', true);
    at = first.next;
    if (first.word === ';') continue;

    const { path: raw, expand, named, ...flags } = prefixes(first.word);
    const path = resolve(raw);
    if (path === null) return stop(unknownSpecifier(raw), flags.ignoreFailure);
    const wrong = pathProblem(path);
    if (wrong) return stop(wrong, flags.ignoreFailure);

    const words: string[] = [];
    let more = false;
    while (at < text.length && !more) {
      if (isSeparator(text, at)) {
        more = true;
        at = skipSpace(text, at + 1);
      } else if (isEscapedSemicolon(text, at)) {
        words.push(';');
        at = skipSpace(text, at + 2);
      } else {
        const found = nextWord(text, at, 'c');
        if (found.at === 'unbalanced') return stop('a quote is never closed', flags.ignoreFailure);
        if (found.at === 'end') break;
        const word = resolve(found.word);
        if (word === null) return stop(unknownSpecifier(found.word), flags.ignoreFailure);
        words.push(word);
        at = found.next;
      }
    }
    const argv0 = named ? (words.shift() ?? '') : null;
    if (argv0 === '') return stop('the prefix @ without a name for the process', flags.ignoreFailure);
    commands.push({ path, argv0, args: words.map((word) => parseWord(word, expand)), ...flags });
    if (!more) return stop(null);
  }
}
