import { fleetOf } from '../../library/fleet.ts';
import { instanceTable } from '../../output/tables/instances.ts';
import type { CliContext, HostFlags } from '../context.ts';
import { onHosts } from '../fleet-command.ts';
import { endLine, printJson } from '../json.ts';
import { openHere } from '../project.ts';
import { UsageError } from '../refusal.ts';

type Action = 'list' | 'status' | 'start' | 'stop' | 'restart' | 'add' | 'remove' | 'start-all' | 'stop-all';
type InstanceFlags = HostFlags & { readonly template?: string; readonly plan?: boolean };

const NAMED: ReadonlySet<Action> = new Set(['start', 'stop', 'restart', 'add', 'remove']);

/** `fleet instances …`: the instances of a template, each by its name alone. @throws Refusal */
export async function instances(
  action: Action,
  names: readonly string[],
  { template, plan = false, ...flags }: InstanceFlags,
  context: CliContext,
): Promise<number> {
  if (NAMED.has(action) && names.length === 0)
    throw new UsageError(`fleet instances ${action} wants the name of an instance, or several`);
  if (!NAMED.has(action) && names.length > 0)
    throw new UsageError(`fleet instances ${action} takes no names; --host and --app say which`);
  const of = template === undefined ? {} : { template };
  if (action === 'list') return await told({ ...flags, ...of }, context);
  return await onHosts({ reads: action !== 'add' && action !== 'remove' }, flags, context, ({ fleet, options }) => {
    const all = { ...options, ...of };
    switch (action) {
      case 'status':
        return fleet.instances.status(all);
      case 'start-all':
        return fleet.instances.startAll(all);
      case 'stop-all':
        return fleet.instances.stopAll(all);
      case 'add':
      case 'remove':
        return fleet.instances[action](names, { ...all, plan });
      default:
        return fleet.instances[action](names, all);
    }
  });
}

/** What the project names. @throws Refusal */
async function told(flags: InstanceFlags, context: CliContext): Promise<number> {
  const { host: hosts, group: groups, app: apps, all = false, template } = flags;
  const { instances: own } = fleetOf(await openHere(flags, context));
  const found = await own.list({ hosts, groups, apps, all, ...(template === undefined ? {} : { template }) });
  if (!found.ok) throw found.failure;
  if (flags.json !== true) context.stdout.write(instanceTable(found.value));
  else {
    for (const one of found.value) printJson(context, { type: 'instances', ...one, v: 1 });
    printJson(context, endLine('instances', 0));
  }
  return 0;
}
