import type { Assignment } from '../syntax/parse.ts';
import type { Directive, Section } from './directive.ts';
import { EXEC } from './exec.ts';
import type { ValueKind } from './kinds/kind.ts';
import { AUTOMOUNT, MOUNT, PATH, SOCKET, SWAP, TIMER } from './other.ts';
import { RESOURCE, SLICE } from './resource.ts';
import { KILL, SERVICE } from './service.ts';
import { INSTALL, UNIT } from './unit.ts';

const PROCESS = [EXEC, RESOURCE, KILL];

/** What systemd reads in each section, from 237 to 259: tables that do not overlap. */
export const TABLES: Readonly<Record<string, readonly Section[]>> = {
  Unit: [UNIT],
  Install: [INSTALL],
  Service: [SERVICE, ...PROCESS],
  Socket: [SOCKET, ...PROCESS],
  Mount: [MOUNT, ...PROCESS],
  Swap: [SWAP, ...PROCESS],
  Timer: [TIMER],
  Path: [PATH],
  Automount: [AUTOMOUNT],
  Slice: [RESOURCE, SLICE],
};

const SECTIONS: ReadonlyMap<string, ReadonlyMap<string, Directive>> = new Map(
  Object.entries(TABLES).map(([section, tables]) => [section, new Map(tables.flatMap((rows) => Object.entries(rows)))]),
);

/** What is known of a key in this section; none where no systemd reads it. */
export const directive = (section: string, key: string): Directive | undefined => SECTIONS.get(section)?.get(key);

/** The directives that some systemd reads in a section; none for a section that is not known. */
export const directivesIn = (section: string): readonly (readonly [key: string, directive: Directive])[] => [
  ...(SECTIONS.get(section) ?? []),
];

export const keysOf = (section: string): readonly string[] => directivesIn(section).map(([key]) => key);

/** Whether some systemd reads the key in this section. Keys that begin with `X-` are left to other programs. */
export const isKnown = (section: string, key: string): boolean =>
  key.startsWith('X-') || directive(section, key) !== undefined;

/** The sections in which a key would be read. */
export const sectionsOf = (key: string): readonly string[] =>
  [...SECTIONS].filter(([, keys]) => keys.has(key)).map(([section]) => section);

export const kindOf = (section: string, key: string): ValueKind | undefined => directive(section, key)?.value;

/** The systemd version that first understands an assignment; 0 for one that every supported version does. */
export function understoodSince({ section, key, value }: Pick<Assignment, 'section' | 'key' | 'value'>): number {
  const { since = 0, newer = {} } = directive(section, key) ?? {};
  const byValue = Object.entries(newer).filter(([word]) =>
    word.endsWith(':') ? value.startsWith(word) : value === word,
  );
  return Math.max(since, ...byValue.map(([, version]) => version));
}
