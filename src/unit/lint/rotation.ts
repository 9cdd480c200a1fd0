import type { SourceFile } from '../../model/declared.ts';
import type { Place } from './finding.ts';

export type Line = Place & { readonly words: readonly string[]; readonly text: string };

/** One `paths { … }` of a logrotate file, or what stands before the first (paths empty). */
export type Rotation = {
  readonly paths: readonly string[];
  readonly at: Place;
  readonly directives: readonly Line[];
  readonly scripts: readonly Line[];
  /** Null while `}` or `endscript` is missing. */
  readonly open: string | null;
};

type Draft = { paths: string[]; at: Place; directives: Line[]; scripts: Line[]; open: string | null };

const SCRIPTS = /^(postrotate|prerotate|firstaction|lastaction|preremove)$/;

/** Reads a logrotate file into its parts. Never throws. */
export function rotationsOf({ file, text }: SourceFile): readonly Rotation[] {
  const rotations: Draft[] = [{ paths: [], at: { file, line: 1, column: 1 }, directives: [], scripts: [], open: null }];
  let paths: string[] = [];
  let script = '';
  for (const [i, raw] of text.split(/\r\n?|\n/).entries()) {
    const content = raw.trim();
    const at = { file, line: i + 1, column: raw.length - raw.trimStart().length + 1 };
    const now = rotations.at(-1);
    if (now === undefined || content === '' || content.startsWith('#')) continue;
    const words = content.split(/\s+/);
    const line: Line = { ...at, words, text: content };
    if (script !== '') {
      if (content !== 'endscript') now.scripts.push(line);
      else script = '';
      now.open = script === '' ? (now.paths.length > 0 ? '}' : null) : 'endscript';
    } else if (SCRIPTS.test(words[0] ?? '')) {
      script = words[0] ?? '';
      now.open = 'endscript';
    } else if (content === '}' && now.open === '}') now.open = null;
    else if (now.open === '}') {
      now.directives.push(content.endsWith('}') ? { ...line, words: words.slice(0, -1) } : line);
      if (content.endsWith('}')) now.open = null;
    } else if (/^["'/*]/.test(content) || content.startsWith('{')) {
      const [head = '', tail] = content.split('{');
      paths.push(
        ...head
          .split(/\s+/)
          .map((path) => path.replace(/["']/g, ''))
          .filter((path) => path !== ''),
      );
      if (tail === undefined) continue;
      const inner = tail.replace(/\}\s*$/, '').trim();
      const directives = inner === '' ? [] : [{ ...line, words: inner.split(/\s+/), text: inner }];
      rotations.push({ paths, at, directives, scripts: [], open: /\}\s*$/.test(tail) ? null : '}' });
      paths = [];
    } else now.directives.push(line);
  }
  return rotations;
}
