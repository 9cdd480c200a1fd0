import type { UnitFile } from '../../model/plan.ts';
import { dropInFolder, prefixOf, templateOf, unitType } from '../syntax/name.ts';
import { type Assignment, parseUnit } from '../syntax/parse.ts';
import type { Problem } from '../syntax/problem.ts';

/** A unit with its drop-ins applied: for each key the assignments that still count, in order. */
export type EffectiveUnit = {
  /** The unit's name; an instance's own name, not its template's. */
  readonly name: string;
  /** The main file's path. */
  readonly file: string;
  readonly assignments: readonly Assignment[];
  readonly problems: readonly Problem[];
};

/** Dependencies are the lists that an empty assignment does not reset. */
const NEVER_RESET: ReadonlySet<string> = new Set(
  'After Before Wants Requires Requisite BindsTo PartOf Upholds Conflicts OnFailure OnSuccess Also'.split(' '),
);

/** TimeoutSec= is two settings at once, so it takes part in the history of both. */
function expandShorthand(assignment: Assignment): readonly Assignment[] {
  if (assignment.section !== 'Service' || assignment.key !== 'TimeoutSec') return [assignment];
  return [assignment, { ...assignment, key: 'TimeoutStartSec' }, { ...assignment, key: 'TimeoutStopSec' }];
}

/** Applies files in order: values append, and an empty one drops what the key had so far. */
export function effective(name: string, files: readonly UnitFile[]): EffectiveUnit {
  const parsed = files.map(parseUnit);
  const kept: Assignment[] = [];
  for (const assignment of parsed.flatMap((unit) => unit.assignments).flatMap(expandShorthand)) {
    const { section, key, value } = assignment;
    if (value !== '') kept.push(assignment);
    else if (!NEVER_RESET.has(key)) {
      const rest = kept.filter((other) => other.section !== section || other.key !== key);
      kept.splice(0, kept.length, ...rest);
    }
  }
  return { name, file: files[0]?.path ?? name, assignments: kept, problems: parsed.flatMap((unit) => unit.problems) };
}

/** Drop-in folders of a unit without `.d`, most specific first: itself, its template, its dashed prefixes, its type. */
function dropInFolders(name: string): readonly string[] {
  const type = unitType(name);
  const template = templateOf(name);
  const at = name.includes('@') ? '@' : '';
  const parts = prefixOf(name).split('-');
  const dashed = parts.slice(1).map((_, i) => `${parts.slice(0, parts.length - 1 - i).join('-')}-${at}.${type}`);
  return [name, ...(template ? [template] : []), ...dashed, type];
}

/** A unit of a set with its drop-ins, which count in the order of their file names. Null when no file makes it. */
export function effectiveUnit(units: readonly UnitFile[], name: string): EffectiveUnit | null {
  const files = filesOf(units, name);
  return files.length === 0 ? null : effective(name, files);
}

/** The files that make a unit: its own or its template's, then its drop-ins in the order in which they count. */
export function filesOf(units: readonly UnitFile[], name: string): readonly UnitFile[] {
  const template = templateOf(name);
  const main = units.find((unit) => unit.path === name) ?? units.find((unit) => unit.path === template);
  if (!main) return [];
  const chosen = new Map<string, UnitFile>();
  for (const folder of dropInFolders(name)) {
    for (const unit of units) {
      const base = unit.path.slice(unit.path.lastIndexOf('/') + 1);
      if (dropInFolder(unit.path) === folder && !chosen.has(base)) chosen.set(base, unit);
    }
  }
  return [main, ...[...chosen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, unit]) => unit)];
}

/** The assignments of a key that count, in order; a scalar's value is the last one that parses. */
export function assigned(unit: EffectiveUnit, section: string, key: string): readonly Assignment[] {
  return unit.assignments.filter((assignment) => assignment.section === section && assignment.key === key);
}
