import type { SourceFile } from '../../model/declared.ts';
import { error, type Finding, type Place } from './finding.ts';
import { rotationsOf } from './rotation.ts';

/** A logrotate file; `app` is null where only one app is looked at. */
export type Rotating = { readonly app: string | null; readonly source: SourceFile };

type Named = { readonly app: string | null; readonly path: string; readonly at: Place };

/** Logs that two blocks name: logrotate keeps to the first. @param counts which pairs are looked at */
export function twiceRotated(
  files: readonly Rotating[],
  counts: (a: Named, b: Named) => boolean = () => true,
): readonly Finding[] {
  const all = files.flatMap(({ app, source }) => {
    const { rotations } = rotationsOf(source);
    const meant = rotations.some(({ directives }) => directives.some(({ keyword }) => keyword === 'ignoreduplicates'));
    return meant ? [] : rotations.flatMap(({ paths, at }) => paths.map((path): Named => ({ app, path, at })));
  });
  return all.flatMap((one, i) => {
    const other = all.slice(0, i).find((owner) => counts(owner, one) && overlap(owner.path, one.path));
    if (other === undefined) return [];
    const same = other.path === one.path ? '' : `, as ${other.path}`;
    return [
      error('logrotate', one.at, {
        message: `${one.path} is rotated twice: line ${other.at.line} of ${other.at.file} has it too${same}`,
        why: 'logrotate reports "duplicate log entry" and ends with an error at each run; what the second block says never counts for this log',
        fix: 'name each log in one block only',
      }),
    ];
  });
}

const isPattern = (path: string) => /[*?[]/.test(path);

/** Whether a log may be meant by both; of two patterns only where they are the same. */
function overlap(a: string, b: string): boolean {
  if (a === b) return true;
  if (isPattern(a) === isPattern(b)) return false;
  return isPattern(a) ? matches(a, b) : matches(b, a);
}

function matches(pattern: string, path: string): boolean {
  const shape = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replace(/\*/g, '[^/]*')
    .replace(/\?/g, '[^/]')
    .replace(/\[!/g, '[^');
  try {
    return new RegExp(`^${shape}$`).test(path);
  } catch {
    return false;
  }
}
