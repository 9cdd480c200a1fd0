import { type HostName, hostName } from '../../model/ids.ts';
import { type Diagnostic, diagnostic, type Position, place } from '../diagnostics/diagnostic.ts';
import { suggestion } from '../diagnostics/nearest.ts';
import type { Locate, Path } from '../diagnostics/source-map.ts';
import type { KindEntry } from '../one-kind.ts';
import { FIELDS, type Fields, type InventoryFile } from './inventory-schema.ts';
import type { Maintenance } from './maintenance.ts';

/** A var as it was written, and where; the items of a list each as they were written. */
export type Definition = { readonly text: string | readonly string[]; readonly at: Position };
export type Definitions = ReadonlyMap<string, Definition>;

type InventoryGroup = {
  readonly fields: Fields;
  readonly vars: Definitions;
  readonly at: Position;
  /** What the file that it comes from says and nobody acts on; told where one of its hosts is used. */
  readonly notes?: readonly string[];
};

export type InventoryHost = {
  readonly name: HostName;
  readonly at: Position;
  readonly fields: Fields;
  /** In the order written: later ones beat earlier ones. */
  readonly groups: readonly string[];
  readonly vars: Definitions;
  readonly notes?: readonly string[];
};

/** Somebody who can be told, as it is written. */
type NotifierEntry = KindEntry & { readonly at: Position };

export type Inventory = {
  readonly defaults: Fields;
  readonly groups: ReadonlyMap<string, InventoryGroup>;
  readonly hosts: ReadonlyMap<HostName, InventoryHost>;
  readonly notifiers: ReadonlyMap<string, NotifierEntry>;
  readonly maintenance: readonly (Maintenance & { readonly at: Position })[];
};

/** One valid inventory file, or the converted answer of a dynamic one. */
export type InventoryPart = {
  readonly value: InventoryFile;
  readonly locate: Locate;
  /** By host or group. */
  readonly notes?: ReadonlyMap<string, readonly string[]>;
  /** What is right and should be put otherwise, with its place. */
  readonly warnings?: readonly string[];
};

type Merging = {
  fields: Record<string, unknown>;
  vars: Map<string, Definition>;
  at: Position;
  notes: readonly string[];
};

/**
 * Merges all parts. What is set twice is an error that names both places: no file silently beats another.
 * @param complete false when a file was left out as invalid, so that a missing group proves nothing
 */
export function mergeInventory(
  parts: readonly InventoryPart[],
  complete: boolean,
): { readonly inventory: Inventory; readonly diagnostics: readonly Diagnostic[] } {
  const found: Diagnostic[] = [];
  const places = new Map<string, Position>();
  const once = (what: string, at: Position): boolean => {
    const first = places.get(what);
    if (first) found.push(diagnostic(at, `${what} is already defined at ${place(first)}`));
    else places.set(what, at);
    return first === undefined;
  };
  const defaults: Record<string, unknown> = {};
  const groups = new Map<string, Merging>();
  const hosts = new Map<HostName, InventoryHost>();
  const notifiers = new Map<string, NotifierEntry>();

  for (const { value, locate, notes } of parts) {
    for (const [key, field, written] of fieldsOf(value.defaults)) {
      if (once(`the default "${key}"`, locate(['defaults', written], 'key'))) defaults[key] = field;
    }
    for (const [name, group] of Object.entries(value.groups ?? {})) {
      const at = locate(['groups', name], 'key');
      const merged: Merging = groups.get(name) ?? { fields: {}, vars: new Map(), at, notes: [] };
      merged.notes = [...merged.notes, ...(notes?.get(name) ?? [])];
      groups.set(name, merged);
      for (const [key, field, written] of fieldsOf(group)) {
        const here = locate(['groups', name, written], 'key');
        if (once(`"${key}" of group "${name}"`, here)) merged.fields[key] = field;
      }
      for (const [key, definition] of definitions(group?.vars, ['groups', name, 'vars'], locate)) {
        if (once(`var "${key}" of group "${name}"`, definition.at)) merged.vars.set(key, definition);
      }
    }
    for (const [name, host] of Object.entries(value.hosts ?? {})) {
      const at = locate(['hosts', name], 'key');
      if (!once(`host "${name}"`, at)) continue;
      hosts.set(hostName(name), {
        name: hostName(name),
        at,
        fields: Object.fromEntries(fieldsOf(host).map(([key, field]) => [key, field])),
        groups: host?.groups ?? [],
        vars: definitions(host?.vars, ['hosts', name, 'vars'], locate),
        notes: notes?.get(name) ?? [],
      });
    }
    for (const [name, entry] of Object.entries(value.notify ?? {})) {
      const at = locate(['notify', name], 'key');
      if (once(`the channel "${name}"`, at)) notifiers.set(name, { ...entry, at });
    }
  }
  const maintenance = parts.flatMap(({ value, locate }) =>
    (value.maintenance ?? []).map((window, i) => ({ ...window, at: locate(['maintenance', i]) })),
  );
  const inventory = {
    defaults: defaults as Fields,
    groups: groups as Inventory['groups'],
    hosts,
    notifiers,
    maintenance,
  };
  return { inventory, diagnostics: complete ? [...found, ...groupRules(parts, inventory)] : found };
}

/** Groups that nobody defined, and names that are both a host and a group. */
function groupRules(parts: readonly InventoryPart[], { groups, hosts }: Inventory): readonly Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const { value, locate } of parts) {
    value.maintenance?.forEach((window, i) => {
      window.hosts?.forEach((name, j) => {
        if (groups.has(name) || hosts.has(hostName(name))) return;
        const known = [...groups.keys(), ...hosts.keys()];
        const at = locate(['maintenance', i, 'hosts', j]);
        found.push(diagnostic(at, `there is no host or group "${name}"`, suggestion(name, known, 'hosts and groups')));
      });
    });
    for (const [name, host] of Object.entries(value.hosts ?? {})) {
      host?.groups?.forEach((group, i) => {
        if (groups.has(group)) return;
        const fix = suggestion(group, [...groups.keys()], 'groups') ?? 'define it under "groups:"';
        found.push(diagnostic(locate(['hosts', name, 'groups', i]), `there is no group "${group}"`, fix));
      });
    }
  }
  for (const [name, group] of groups) {
    const host = hosts.get(hostName(name));
    if (host) found.push(diagnostic(group.at, `"${name}" is a group here and a host at ${place(host.at)}`));
  }
  return found;
}

/** The connection fields that a level sets, each with the name that it has there. */
function fieldsOf(level: WrittenFields | null | undefined): [keyof Fields, unknown, keyof WrittenFields][] {
  const all = [...FIELDS.map((key) => [key, key] as const), ['uploadUser', 'codeUser'] as const];
  return all.flatMap(([key, written]): [keyof Fields, unknown, keyof WrittenFields][] => {
    const value: unknown = level?.[written];
    return value === undefined ? [] : [[key, value, written]];
  });
}

type WrittenFields = NonNullable<InventoryFile['defaults']>;

/** Vars with their places, as text. A number is taken as it was written: 0644 keeps its zero, 1.10 its end. */
export function definitions(vars: Vars | null | undefined, path: Path, locate: Locate): Map<string, Definition> {
  return new Map(
    Object.entries(vars ?? {}).map(([key, value]) => {
      const at = locate([...path, key]);
      const text =
        typeof value === 'object'
          ? value.map((item, i) => asWritten(item, locate([...path, key, i])))
          : asWritten(value, at);
      return [key, { text, at }];
    }),
  );
}

type Plain = string | number | boolean;
type Vars = Readonly<Record<string, Plain | readonly Plain[]>>;

/** A value as text; a number as its place in the file has it. */
export function asWritten(value: Plain, { excerpt, column }: Position): string {
  const written = excerpt?.text.slice(column - 1, column - 1 + excerpt.length);
  return typeof value === 'number' && written && /^[-+.\d]/.test(written) ? written : String(value);
}

/** Members of a group, in the inventory's order. */
export const membersOf = (inventory: Inventory, group: string): readonly InventoryHost[] =>
  [...inventory.hosts.values()].filter((host) => host.groups.includes(group));
