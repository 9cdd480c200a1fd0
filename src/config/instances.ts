import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readLocalText } from '../local/file.ts';
import { replaceable, replaceFile } from '../local/replace.ts';
import type { HostName } from '../model/ids.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import { type InstancesSpec, instancesSchema } from '../tasks/instances/schema.ts';
import { effectiveUnit } from '../unit/settings/effective.ts';
import { settingsOf } from '../unit/settings/settings.ts';
import { unitType } from '../unit/syntax/name.ts';
import { SYSTEM_SPECIFIERS } from '../unit/syntax/specifiers.ts';
import { type Diagnostic, diagnostic, type Position, place } from './diagnostics/diagnostic.ts';
import { check } from './diagnostics/issues.ts';
import { YAML_MOST } from './diagnostics/read.ts';
import type { Definition } from './inventory/inventory.ts';
import { namesOn } from './names-on.ts';
import { editList } from './playbook/edit-list.ts';
import { fillPlaybook, type Playbook } from './playbook/playbook.ts';
import { nameAlone } from './playbook/template.ts';
import type { Project } from './project.ts';
import { hostsOf, type Pair, type Selection, selectPairs } from './select.ts';

/** The instances of one template that an app has on one host, as the project says. */
export type InstanceList = {
  readonly app: string;
  readonly host: HostName;
  readonly of: string;
  readonly names: readonly string[];
  /** Where the list of their names stands; several hosts may have it from one place. */
  readonly at: Position;
  readonly spec: InstancesSpec;
  readonly playbook: Playbook;
  /** Where the app's units are from. */
  readonly folders: readonly string[];
};

/** What one file is to become, which holds one of the lists, or several. */
export type ListEdit = { readonly places: readonly Position[]; readonly before: string; readonly after: string };

/** All lists of instances of the selection. */
export function instanceLists(
  project: Project,
  selection: Selection,
): Result<readonly InstanceList[], readonly Diagnostic[]> {
  const pairs = selectPairs(project.inventory, project.playbooks, selection);
  if (!pairs.ok) return pairs;
  const found = pairs.value.map((pair) => listsOf(project, pair));
  const wrong = found.flatMap((one) => (one.ok ? [] : one.failure));
  return wrong.length > 0 ? fail(wrong) : ok(found.flatMap((one) => (one.ok ? one.value : [])));
}

function listsOf(project: Project, pair: Pair): Result<readonly InstanceList[], readonly Diagnostic[]> {
  const { host, playbook } = pair;
  const filled = fillPlaybook(playbook, project.schema, namesOn(project, pair), host.name);
  if (!filled.ok) return filled;
  const specs = filled.value.tasks.flatMap(({ kind, spec }) => (kind === 'instances' ? [spec as InstancesSpec] : []));
  const places = placesOf(project, pair);
  const folders = filled.value.tasks.flatMap(({ kind, spec }) =>
    kind === 'units' ? [(spec as { readonly from: string }).from] : [],
  );
  return ok(
    specs.map((spec, i) => ({
      ...{ app: playbook.name, host: host.name, of: spec.of, names: spec.names },
      ...{ at: places[i] ?? playbook.at, spec, playbook, folders },
    })),
  );
}

/** Where each `names` of a playbook has its list: there, or where the var stands that it is. */
function placesOf({ inventory }: Project, { host, playbook }: Pair): readonly Position[] {
  const { tasks } = playbook.yaml.value as { readonly tasks: readonly { readonly instances?: { names?: unknown } }[] };
  const levels = [playbook.vars, ...host.groups.map((group) => inventory.groups.get(group)?.vars), host.vars];
  const definition = (name: string): Definition | undefined => levels.findLast((vars) => vars?.has(name))?.get(name);
  const follow = (written: unknown, at: Position, left: number): Position => {
    const name = typeof written === 'string' ? nameAlone(written) : null;
    const found = name === null || left === 0 ? undefined : definition(name);
    return found === undefined ? at : follow(found.text, found.at, left - 1);
  };
  return tasks.flatMap(({ instances }, i) =>
    instances === undefined ? [] : [follow(instances.names, playbook.locate(['tasks', i, 'instances', 'names']), 10)],
  );
}

/**
 * The files as they are to be when the lists have names more, or fewer. Where all have them already there is nothing to edit.
 * @returns a list that another host has too and that is not selected is an error: it would get them with its next deploy
 */
export async function editLists(
  project: Project,
  lists: readonly InstanceList[],
  change: 'add' | 'remove',
  names: readonly string[],
): Promise<Result<readonly ListEdit[], readonly Diagnostic[]>> {
  const open = lists.filter((list) => names.some((name) => list.names.includes(name) === (change === 'remove')));
  const wrong = [
    ...lists.flatMap(({ spec, at }) => invalid(spec, names, at)),
    ...open.flatMap((list) => shared(project, list, lists)),
  ];
  if (wrong.length > 0) return fail(wrong);
  const places = [...new Map(open.map(({ at }) => [place(at), at])).values()];
  const edits: ListEdit[] = [];
  for (const file of new Set(places.map((at) => at.file))) {
    const before = await readLocalText(join(project.dir, file), YAML_MOST);
    let after = before;
    // From the end on: what stands before an edit keeps its place.
    const own = places.filter((at) => at.file === file).toSorted((a, b) => b.line - a.line || b.column - a.column);
    for (const at of own) {
      const edited = editList(after, at, change, names);
      if (!edited.ok)
        return fail([diagnostic(at, `the names of instances cannot be changed here: ${edited.failure}`, BY_HAND)]);
      after = edited.value;
    }
    edits.push({ places: own.toReversed(), before, after });
  }
  return ok(edits);
}

const BY_HAND = 'change the list by hand, then run the same command again, or `fleet deploy`';

function invalid(spec: InstancesSpec, names: readonly string[], at: Position): readonly Diagnostic[] {
  const checked = check(instancesSchema, { ...spec, names });
  return checked.ok ? [] : checked.issues.map(({ message }) => diagnostic(at, `${names.join(', ')}: ${message}`));
}

function shared(
  project: Project,
  { at, playbook, of }: InstanceList,
  lists: readonly InstanceList[],
): readonly Diagnostic[] {
  const others = hostsOf(project.inventory, playbook).filter((host) => {
    if (lists.some((list) => list.playbook === playbook && list.host === host.name)) return false;
    const found = listsOf(project, { host, playbook });
    return found.ok && found.value.some((list) => list.of === of && place(list.at) === place(at));
  });
  if (others.length === 0) return [];
  const names = others.map(({ name }) => name).join(', ');
  const fix = 'select them too, or give the hosts that you mean a list of their own in the inventory';
  return [diagnostic(at, `this list of instances is also that of ${names}, not selected`, fix)];
}

/**
 * Works while files are edited. They stay so if that is what then stands on some host, else they are as they were; one that
 * somebody has changed meanwhile is left alone.
 * @returns what the work has come to, and whether the edits stand
 */
export async function whileEdited<T>(
  project: Project,
  edits: readonly ListEdit[],
  work: () => Promise<{ readonly value: T; readonly stands: boolean }>,
): Promise<{ readonly value: T; readonly stands: boolean }> {
  let stands = false;
  try {
    for (const edit of edits) await write(project, fileOf(edit), edit.after);
    const done = await work();
    stands = done.stands;
    return done;
  } finally {
    for (const edit of stands ? [] : edits) {
      const now = await readLocalText(join(project.dir, fileOf(edit)), YAML_MOST);
      if (now === edit.after) await write(project, fileOf(edit), edit.before);
    }
  }
}

const fileOf = ({ places: [at] }: ListEdit): string => at?.file ?? '';

async function write({ dir }: Project, file: string, text: string): Promise<void> {
  const real = await replaceable(join(dir, file));
  await replaceFile(real, text, (await stat(real)).mode & 0o777);
}

/** The target of the project that takes all instances of a template along; null where there is none. */
export async function targetOf({ dir }: Project, { of, folders }: InstanceList): Promise<string | null> {
  const read = async (name: string): Promise<string | null> => {
    for (const from of folders) {
      const path = join(dir, from.endsWith(`/${name}`) ? from : `${from}/${name}`);
      const text = await readLocalText(path).catch(() => null);
      if (text !== null) return text;
    }
    return null;
  };
  const text = await read(of);
  const unit = text === null ? null : effectiveUnit([{ path: of, text }], of);
  if (unit === null) return null;
  const settings = settingsOf(unit, SYSTEM_SPECIFIERS);
  const named = [...settings.words('Unit', 'PartOf'), ...INSTALLS.flatMap((key) => settings.words('Install', key))];
  for (const name of named) if (unitType(name) === 'target' && (await read(name)) !== null) return name;
  return null;
}

const INSTALLS = ['WantedBy', 'RequiredBy', 'UpheldBy'];
