import type { Declared, SourceFile } from '../../model/declared.ts';
import type { Layout } from '../../model/layout.ts';
import { assigned, type EffectiveUnit, effectiveUnit } from '../settings/effective.ts';
import { readService } from '../settings/read-service.ts';
import type { Service } from '../settings/service.ts';
import { parseBoolean } from '../settings/settings.ts';
import { dropInFolder, instantiate, isTemplate, templateOf, unitOfFile, unitType } from '../syntax/name.ts';
import { type Assignment, type ParsedUnit, parseUnit } from '../syntax/parse.ts';
import type { Problem } from '../syntax/problem.ts';
import type { Finding, Place } from './finding.ts';

/** A service of the set as systemd will see it, drop-ins applied. */
export type LintedService = {
  readonly name: string;
  readonly unit: EffectiveUnit;
  readonly service: Service;
  readonly problems: readonly Problem[];
  /** The assignment of a [Service] key that counts in the end. */
  last(key: string): Assignment | undefined;
  /** Every assignment of a [Service] key that counts. */
  all(key: string): readonly Assignment[];
  isOn(key: string): boolean;
};

/** Everything that is checked together: one app's files and what its tasks say. */
export type Subject = Declared & {
  readonly layout: Layout;
  /** Account whose own login sends the code; null when root does. */
  readonly uploadUser: string | null;
  readonly parsed: readonly (ParsedUnit & { readonly source: SourceFile })[];
  /** Every unit, instances in place of their template. */
  readonly effective: readonly EffectiveUnit[];
  readonly services: readonly LintedService[];
  /** The unit that the values of a file are for: of a template its first enabled instance, null where there is none. */
  instanceFor(file: string): string | null;
  /** Where an assignment or problem stands in the project; the key, or its value. */
  place(at: { readonly file: string; readonly line: number }, part?: 'key' | 'value'): Place;
};

/** One file, one concept: what is wrong, and why. */
export type Rule = (subject: Subject) => readonly Finding[];

export function subjectOf(declared: Declared, layout: Layout, uploadUser: string | null = null): Subject {
  const { units, enable } = declared;
  const byPath = new Map(units.map((source) => [source.path, source]));
  const lines = new Map<string, readonly string[]>();
  const effective = unitNames(units, enable).flatMap((name) => effectiveUnit(units, name) ?? []);
  return {
    ...declared,
    layout,
    uploadUser,
    parsed: units.map((source) => ({ ...parseUnit(source), source })),
    effective,
    instanceFor(file) {
      const unit = unitOfFile(file);
      return isTemplate(unit) ? (enable.find((name) => templateOf(name) === unit) ?? null) : unit;
    },
    services: effective.filter(({ name }) => unitType(name) === 'service').map(lintedService),
    place({ file, line }, part = 'key') {
      const source = byPath.get(file);
      if (source === undefined || line === 0) return { file: source?.file ?? file, line, column: line === 0 ? 0 : 1 };
      const all = lines.get(file) ?? source.text.split(/\r\n?|\n/);
      lines.set(file, all);
      const found = /^(\s*)([^=]*=\s*)?/.exec(all[line - 1] ?? '');
      const column = (found?.[1]?.length ?? 0) + (part === 'value' ? (found?.[2]?.length ?? 0) : 0) + 1;
      return { file: source.file, line, column };
    },
  };
}

/** The units of a set by name; of a template its enabled instances, or one that stands for all. */
function unitNames(units: readonly SourceFile[], enable: readonly string[]): readonly string[] {
  const names = units.map(({ path }) => path).filter((path) => dropInFolder(path) === null);
  return names.flatMap((name) => {
    if (!isTemplate(name)) return [name];
    const instances = enable.filter((unit) => templateOf(unit) === name);
    return instances.length > 0 ? instances : [instantiate(name, '1')];
  });
}

function lintedService(unit: EffectiveUnit): LintedService {
  const { service, problems } = readService(unit);
  const all = (key: string) => assigned(unit, 'Service', key);
  const last = (key: string) => all(key).at(-1);
  return {
    name: unit.name,
    unit,
    service,
    problems,
    all,
    last,
    isOn: (key) => parseBoolean(last(key)?.value ?? 'no') === true,
  };
}
