import type { UnitFile } from '../../model/plan.ts';
import { unitOfFile, unitType } from './name.ts';
import type { Problem } from './problem.ts';

/** One `Key=Value` as it stands in a file; continuation lines are joined. */
export type Assignment = {
  readonly file: string;
  /** 1-based line on which the assignment begins. */
  readonly line: number;
  readonly section: string;
  readonly key: string;
  readonly value: string;
};

export type ParsedUnit = {
  readonly file: string;
  readonly assignments: readonly Assignment[];
  readonly problems: readonly Problem[];
};

/** Sections systemd knows for a unit type besides [Unit] and [Install]; the other types have none of their own. */
const OWN_SECTION: Readonly<Record<string, string>> = {
  service: 'Service',
  socket: 'Socket',
  timer: 'Timer',
  path: 'Path',
  mount: 'Mount',
  automount: 'Automount',
  swap: 'Swap',
  slice: 'Slice',
  scope: 'Scope',
};

type LogicalLine = { readonly line: number; readonly text: string };

/** systemd's `strip`: these four only, unlike `trim()`. */
const strip = (text: string) => text.replace(/^[ \t\n\r]+|[ \t\n\r]+$/g, '');

const continues = (text: string) => (/\\*$/.exec(text)?.[0].length ?? 0) % 2 === 1;

/** Joins lines that end in a backslash. Comments are dropped first, so one inside a continuation does not end it. */
function logicalLines(text: string): readonly LogicalLine[] {
  const lines: LogicalLine[] = [];
  let open: LogicalLine | null = null;
  const physical = text.replace(/^\uFEFF/, '').split(/\r\n?\0?|\n\r?\0?|\0/);
  for (const [index, raw] of physical.entries()) {
    if (/^[ \t]*[#;]/.test(raw)) continue;
    const joined: LogicalLine = open ? { line: open.line, text: open.text + raw } : { line: index + 1, text: raw };
    open = continues(joined.text) ? { line: joined.line, text: `${joined.text.slice(0, -1)} ` } : null;
    if (!open) lines.push(joined);
  }
  return open ? [...lines, open] : lines;
}

/** Reads one unit file or drop-in. Never throws; what systemd would not take is named in `problems`. */
export function parseUnit({ path: file, text }: UnitFile): ParsedUnit {
  const assignments: Assignment[] = [];
  const problems: Problem[] = [];
  const unit = unitOfFile(file);
  const own = OWN_SECTION[unitType(unit) || unit];
  let section: string | null = null;
  let skipping = false;

  for (const { line, text: raw } of logicalLines(text)) {
    const content = strip(raw);
    const problem = (message: string, effect: Problem['effect'] = 'ignored') =>
      problems.push({ file, line, message, effect });
    if (content === '') continue;
    if (content.startsWith('[')) {
      if (!content.endsWith(']')) {
        problem(`the section header ${content} does not end in "]"`, 'refused');
        break;
      }
      section = content.slice(1, -1);
      skipping = !(section === 'Unit' || section === 'Install' || section === own);
      if (skipping && !section.startsWith('X-')) problem(`unknown section [${section}]`);
      continue;
    }
    const equals = content.indexOf('=');
    if (equals === -1) problem(`a line without "=": ${content}`);
    else if (equals === 0) problem('no key before "="');
    else if (section === null) problem('an assignment before the first section');
    else if (!skipping) {
      const key = strip(content.slice(0, equals));
      assignments.push({ file, line, section, key, value: strip(content.slice(equals + 1)) });
    }
  }
  return { file, assignments, problems };
}
