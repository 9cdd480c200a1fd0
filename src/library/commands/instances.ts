import { editLists, type InstanceList, instanceLists, targetOf, whileEdited } from '../../config/instances.ts';
import { deployPart } from '../../engine/commands/deploy.ts';
import { instancesHost, mayStand } from '../../engine/commands/instances.ts';
import { previewPart } from '../../engine/commands/plan.ts';
import type { Summary } from '../../model/events.ts';
import type { Only } from '../../model/only.ts';
import { editedLists, listsRestored, listsStand, noSuchInstance } from '../../output/messages/instances.ts';
import { instanceUnits } from '../../tasks/instances/instances.ts';
import { type Chosen, type Command, choose } from '../choose.ts';
import type { World } from '../open.ts';
import type { Event, Options, Where } from '../options.ts';
import { Refusal, refused } from '../refusal.ts';
import { serve } from './serve.ts';
import { unitsIn } from './status.ts';

/** Whose instances are meant, where that is not plain. */
export type InstanceOptions = {
  /** Of this template, where an app has instances of several. */
  readonly template?: string;
};

/** The instances of one template that the project names for an app on a host. */
export type NamedInstances = {
  readonly host: string;
  readonly app: string;
  readonly template: string;
  readonly names: readonly string[];
};

type Report = (event: Event) => void;

/** What the project names; no host is contacted. @throws Refusal */
export const list = (world: World, options: Where & InstanceOptions): readonly NamedInstances[] =>
  listsOf(world, options).map(({ host, app, of, names }) => ({ host, app, template: of, names }));

/** @throws Refusal */
export async function status(world: World, options: Options & InstanceOptions, report: Report) {
  const lists = listsOf(world, options);
  const chosen = await chooseFor(world, lists, { kind: 'reads', inputs: 'skip' }, options, report);
  const results = await chosen.run((target, run) => {
    const wanted = lists.filter(({ host, app }) => host === target.host && app === target.app);
    return instancesHost(target, wanted, run);
  });
  const summary = await chosen.finish(results);
  return { ...summary, units: unitsIn(summary) };
}

/** Those with these names; one that the project does not have is not started. @throws Refusal */
export async function serveSome(
  world: World,
  verb: 'start' | 'stop' | 'restart',
  names: readonly string[],
  options: Options & InstanceOptions,
  report: Report,
): Promise<Summary> {
  const lists = listsOf(world, options);
  const of = templateIn(lists);
  const unknown = names.filter((name) => lists.every((one) => !one.names.includes(name)));
  if (unknown.length > 0 && verb !== 'stop')
    throw new Refusal(noSuchInstance(unknown, [...new Set(lists.flatMap((one) => one.names))]));
  return serveUnits(world, lists, verb, instanceUnits({ of, names }), options, report);
}

/** All of them: by the target that takes them along, else each by its name. @throws Refusal */
export async function serveAll(
  world: World,
  verb: 'start' | 'stop',
  options: Options & InstanceOptions,
  report: Report,
): Promise<Summary> {
  const lists = listsOf(world, options);
  const of = templateIn(lists);
  const [first] = lists;
  const target = first === undefined ? null : await targetOf(world.project, first);
  const units = instanceUnits({ of, names: [...new Set(lists.flatMap((one) => one.names))] });
  return serveUnits(world, lists, verb, target === null ? units : [target], options, report);
}

async function serveUnits(
  world: World,
  lists: readonly InstanceList[],
  verb: 'start' | 'stop' | 'restart',
  units: readonly string[],
  options: Options,
  report: Report,
): Promise<Summary> {
  const how = { kind: 'changes', inputs: 'skip', pace: 'at once' } as const;
  return serve(await chooseFor(world, lists, how, options, report), verb, units, {});
}

/**
 * One more, or one less; no other is touched. The list in the project's files has it as well, unless no host came to have it.
 * @param options.plan says what it would change, and writes nothing @throws Refusal
 */
export async function change(
  world: World,
  way: 'add' | 'remove',
  names: readonly string[],
  { plan = false, ...options }: Options & InstanceOptions & { readonly plan?: boolean },
  report: Report,
): Promise<Summary> {
  const { project } = world;
  const lists = listsOf(world, options);
  const only: Only = { part: 'instances', change: way, of: templateIn(lists), names };
  const edits = await editLists(project, lists, way, names);
  if (!edits.ok) throw refused(edits.failure);
  const files = edits.value;
  const say = (text: string) => {
    for (const line of files.length === 0 ? [] : text.split('\n')) options.onNote?.(line);
  };
  const how = { kind: plan ? 'reads' : 'changes', inputs: only } as const;
  const chosen = await chooseFor(world, lists, how, options, report);
  say(editedLists(files, way, names));
  if (plan) return chosen.finish(await chosen.run((target, run) => previewPart(target, only, run)));
  const { value, stands } = await whileEdited(project, files, async () => {
    const results = await chosen.run((target, run) => deployPart(target, only, run));
    return { value: results, stands: results.some(({ outcome }) => mayStand(outcome)) };
  });
  const summary = await chosen.finish(value);
  if (summary.exitCode !== 0) say((stands ? listsStand : listsRestored)(files));
  return summary;
}

/** Those of the selection. @throws Refusal */
function listsOf({ project }: World, options: Where & InstanceOptions): readonly InstanceList[] {
  const { hosts = [], groups = [], apps = [], all = false, template } = options;
  const found = instanceLists(project, { hosts, groups, apps, all });
  if (!found.ok) throw refused(found.failure);
  const lists = found.value.filter(({ of }) => template === undefined || of === template);
  if (lists.length > 0) return lists;
  const what = template === undefined ? 'has instances' : `has instances of ${template}`;
  throw new Refusal(`no selected app ${what}: a playbook says them with the task \`instances\``);
}

/** @throws Refusal */
function templateIn(lists: readonly InstanceList[]): string {
  const [of, ...more] = new Set(lists.map((one) => one.of));
  if (of !== undefined && more.length === 0) return of;
  throw new Refusal(`there are instances of ${[of, ...more].join(' and ')}: say which template, or which app`);
}

/** Of the apps alone that have some. */
const chooseFor = (
  world: World,
  lists: readonly InstanceList[],
  command: Omit<Command, 'name' | 'apps'>,
  options: Options,
  report: Report,
): Promise<Chosen> =>
  choose(world, { ...command, name: 'instances', apps: [...new Set(lists.map(({ app }) => app))] }, options, report);
