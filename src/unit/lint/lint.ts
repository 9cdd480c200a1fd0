import type { Declared } from '../../model/declared.ts';
import type { Layout } from '../../model/layout.ts';
import { allowedIn } from './allowed.ts';
import type { Finding } from './finding.ts';
import { RULES } from './rules.ts';
import { subjectOf } from './subject.ts';

/** Rules that say the same line is no setting at all; the first of them has the best words for it. */
const ABOUT_LINE = new Set([
  'start-limit-section',
  'inline-comment',
  'variable',
  'invisible-character',
  'section',
  'key',
  'value',
  'syntax',
  'specifier',
]);
const STRENGTH = { error: 2, warning: 1, hint: 0 } as const;

/**
 * Everything that is wrong or doubtful about an app's units, drop-ins and logrotate files, by file and line.
 * @param uploadUser account whose own login sends the code; null when root does
 */
export function lint(declared: Declared, layout: Layout, uploadUser: string | null = null): readonly Finding[] {
  const subject = subjectOf(declared, layout, uploadUser);
  const allowed = new Map([...declared.units, ...declared.logrotate].map(({ file, text }) => [file, allowedIn(text)]));
  const kept = new Map<string, Finding>();
  for (const finding of RULES.flatMap((rule) => rule(subject))) {
    const { rule, file, line, message, level } = finding;
    if (allowed.get(file)?.has(rule)) continue;
    const key = ABOUT_LINE.has(rule) && line > 0 ? `${file}\0${line}` : `${file}\0${line}\0${rule}\0${message}`;
    const other = kept.get(key);
    // What is doubtful about a line never stands before what is wrong with it.
    if (other === undefined || STRENGTH[level] > STRENGTH[other.level]) kept.set(key, finding);
  }
  // What a line would come to is idle talk where systemd drops the line.
  for (const [key, { rule, file, line }] of kept)
    if (!ABOUT_LINE.has(rule) && !/^S\d$/.test(rule) && kept.get(`${file}\0${line}`)?.level === 'error')
      kept.delete(key);
  return [...kept.values()].sort(
    (a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1) || a.column - b.column,
  );
}
