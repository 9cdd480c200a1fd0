import type { SourceFile } from '../../model/declared.ts';
import { splitWords } from '../syntax/words.ts';
import type { Place } from './finding.ts';

type Line = Place & { readonly words: readonly string[]; readonly text: string };

/** A keyword with what stands behind it, where it takes a value. */
export type Directive = Line & { readonly keyword: string; readonly value: string | null };

/** What logrotate does not take. */
export type Slip = Place & {
  readonly message: string;
  /** What becomes of it: the block, or with none the file, is left out; or only the rest of the line. */
  readonly loses: 'block' | 'line' | 'nothing';
  /** A keyword that it does not know. */
  readonly word: string | null;
};

/** One `paths { … }` of a logrotate file, or what stands before the first (paths empty). */
type Rotation = {
  readonly paths: readonly string[];
  readonly at: Place;
  readonly directives: readonly Directive[];
  readonly scripts: readonly Line[];
};

export type Rotations = { readonly rotations: readonly Rotation[]; readonly slips: readonly Slip[] };

type Draft = { paths: readonly string[]; at: Place; directives: Directive[]; scripts: Line[] };

const SCRIPTS = /^(postrotate|prerotate|firstaction|lastaction|preremove)$/;
/** Take the rest of their line, blanks at its ends removed; the others leave it to the next keyword. */
const VALUED =
  /^(addextension|compresscmd|compressext|compressoptions|create|createolddir|dateformat|extension|include|mail|maxage|maxsize|minage|minsize|olddir|rotate|shredcycles|size|start|su|tabooext|taboopat|uncompresscmd|weekly)$/;

/** Reads a logrotate file as logrotate does, letter by letter: lines count for comments and values alone. Never throws. */
export function rotationsOf({ file, text: whole }: SourceFile): Rotations {
  const windows = whole.indexOf('\r\n');
  // Said once: each of these lines is wrong for the same reason, and nothing else follows from it.
  const text = whole.replaceAll('\r\n', '\n');
  const outside: Draft = { paths: [], at: { file, line: 1, column: 1 }, directives: [], scripts: [] };
  const rotations: Draft[] = [outside];
  const slips: Slip[] = [];
  const lineStarts = [0, ...[...text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  const place = (at: number): Place => {
    const line = lineStarts.findLastIndex((start) => start <= at);
    return { file, line: line + 1, column: at - (lineStarts[line] ?? 0) + 1 };
  };
  const slip = (at: number, message: string, loses: Slip['loses'] = 'block', word: string | null = null) =>
    slips.push({ ...place(at), message, loses, word });
  const lineEnd = (at: number) => {
    const end = text.indexOf('\n', at);
    return end === -1 ? text.length : end;
  };
  let open = false;
  /** Behind what cannot be read: a whole block where that was to be its name, so that the rest of it is not blamed. */
  const pastSlip = (at: number) => {
    const end = text.indexOf('}', at);
    return !open && end !== -1 && text.slice(at, lineEnd(at)).includes('{') ? lineEnd(end) : lineEnd(at);
  };
  if (windows !== -1) slip(windows, 'the lines end in CR LF, as on Windows');
  let at = 0;
  while (at < text.length) {
    const c = text.charAt(at);
    const rest = text.slice(at);
    const now = (open ? rotations.at(-1) : outside) ?? outside;
    if (c === ' ' || c === '\t' || c === '\n') at += 1;
    else if (c === '#') at = lineEnd(at);
    else if (c === '}') {
      if (!open) slip(at, 'a "}" without a block before it');
      const behind = text.slice(at + 1, lineEnd(at));
      if (open && !/^[ \t]*$/.test(behind)) slip(at, `text behind "}": ${behind.trim()}`, 'line');
      open = false;
      at = lineEnd(at);
    } else if (/[/"'~]/.test(c)) {
      const brace = text.indexOf('{', at);
      if (open || brace === -1) {
        slip(at, open ? 'the name of a log inside of a block' : 'names of logs without "{" behind them');
        at = lineEnd(at);
        continue;
      }
      rotations.push({ paths: namesIn(text.slice(at, brace)), at: place(at), directives: [], scripts: [] });
      open = true;
      at = brace + 1;
    } else if (/[A-Za-z]/.test(c)) {
      const keyword = /^[A-Za-z]+/.exec(rest)?.[0] ?? '';
      const next = rest.charAt(keyword.length);
      if (next !== '' && !/[\s=]/.test(next)) {
        slip(at, `${/^[^\s]+/.exec(rest)?.[0] ?? keyword} is neither a keyword nor an absolute path`, 'block', keyword);
        at = pastSlip(at);
      } else if (SCRIPTS.test(keyword)) at = script(at);
      else {
        const valued = VALUED.test(keyword);
        const end = valued ? lineEnd(at) : at + keyword.length;
        const value = valued ? text.slice(at + keyword.length, end).replace(/^[ \t=]+|[ \t]+$/g, '') : null;
        const words = [keyword, ...(value ?? '').split(/[ \t]+/).filter((word) => word !== '')];
        now.directives.push({ ...place(at), keyword, value, words, text: text.slice(at, end).trim() });
        if (open && value?.endsWith('}')) {
          slip(at, `a "}" behind ${keyword}, which is taken for a part of its value`);
          // What was meant, so that the next block is not blamed.
          open = false;
        }
        at = end;
      }
    } else {
      slip(at, 'neither a keyword nor an absolute path');
      at = pastSlip(at);
    }
  }
  if (open) {
    const last = rotations.at(-1) ?? outside;
    slips.push({ ...last.at, message: `the block of ${last.paths.join(' ')} has no }`, loses: 'nothing', word: null });
  }
  return { rotations, slips };

  /** From the keyword to behind `endscript`, which stands first on a line. */
  function script(from: number): number {
    const lines = text.slice(from).split('\n');
    const end = lines.findIndex((line, i) => i > 0 && /^[ \t]*endscript(\s|$)/.test(line));
    if (end === -1) slip(from, `${/^\w+/.exec(text.slice(from))?.[0]} without endscript`);
    const inside = lines.slice(1, end === -1 ? lines.length : end);
    const starts = lines.map((_, i) => lines.slice(0, i).reduce((sum, line) => sum + line.length + 1, from));
    const now = (open ? rotations.at(-1) : outside) ?? outside;
    for (const [i, line] of inside.entries()) {
      const content = line.trim();
      const column = line.length - line.trimStart().length;
      if (content === '' || content.startsWith('#')) continue;
      now.scripts.push({ ...place((starts[i + 1] ?? from) + column), words: content.split(/\s+/), text: content });
    }
    if (end === -1) return text.length;
    const closing = lines[end] ?? '';
    return (starts[end] ?? from) + closing.indexOf('endscript') + 'endscript'.length;
  }
}

/** Names between blanks and line ends, in quotes or with a backslash before a blank; comments behind them left out. */
const namesIn = (head: string): readonly string[] =>
  splitWords(
    head.replace(/#.*$/gm, '').replace(/\\(.)/g, (_, c: string) => (/\s/.test(c) ? `"${c}"` : c)),
    'keep',
  ).words;
