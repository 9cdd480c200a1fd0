import { isIPv6 } from 'node:net';
import type { Connection, HostTarget } from '../../model/target.ts';
import { mapLimited } from '../../util/async.ts';
import { type Diagnostic, diagnostic, place } from '../diagnostics/diagnostic.ts';
import type { InventoryHost } from '../inventory/inventory.ts';
import type { Project } from '../project.ts';
import { reachHost } from '../ssh/connection.ts';

const LOOPBACK = ['127.0.0.1', '[::1]', '0.0.0.0', '[::]', 'localhost.localdomain', 'ip6-localhost', 'ip6-loopback'];

/** An address in the one of its spellings; a name stays a name, since nobody is asked. */
function spelling(address: string): string {
  const [name = '', zone = ''] = address
    .toLowerCase()
    .replace(/\.$/, '')
    .replace(/^::ffff:(?=\d+\.)/, '')
    .split(/(?=%)/);
  const url = `http://${isIPv6(name) ? `[${name}]` : name}`;
  const spelt = URL.canParse(url) ? new URL(url).hostname : name;
  return LOOPBACK.includes(spelt) ? 'localhost' : spelt + zone;
}

/**
 * Where a connection leads, whoever logs in. Another port of an address is another place: behind a router or in a
 * container there is another machine.
 */
export const destination = ({ jump, ...end }: Connection): string =>
  [end, ...jump.toReversed()].map(({ address, port }) => `${spelling(address)} port ${port}`).join(' through ');

/** Names of the inventory that lead to one machine, in words, whether or not anything is deployed there. */
export async function sharedMachines(project: Project): Promise<readonly string[]> {
  const { dir: projectDir, invoker, inventory, ssh } = project;
  // What is to be told of a host besides is told where it is used.
  const context = { projectDir, invoker, inventory, ssh, warn: () => {}, unused: () => {} };
  const destinations = await mapLimited([...inventory.hosts.values()], 16, async (host) => {
    const reach = await reachHost(context, host);
    return reach.ok ? [{ host, leads: destination(reach.value.connection) }] : [];
  });
  const first = new Map<string, InventoryHost>();
  return destinations.flat().flatMap(({ host, leads }) => {
    const other = first.get(leads);
    if (other !== undefined) return [`${place(host.at)}: ${same(host, other, leads)}`];
    first.set(leads, host);
    return [];
  });
}

/** An app that would be deployed to one machine under two names: two transactions at once, each in the other's way. */
export function deployedTwice(targets: readonly HostTarget[], { inventory }: Project): readonly Diagnostic[] {
  const seen = new Map<string, HostTarget[]>();
  return targets.flatMap((target) => {
    const leads = destination(target.connection);
    const earlier = seen.get(`${target.app} ${leads}`) ?? [];
    seen.set(`${target.app} ${leads}`, [...earlier, target]);
    const other = earlier.find((one) => one.layout.root === target.layout.root || ![one, target].every(withoutRoot));
    const [host, first] = [target.host, other?.host].map((name) => name && inventory.hosts.get(name));
    if (!host || !first) return [];
    const message = `${target.app} would be deployed there twice at once: ${same(host, first, leads)}`;
    return [
      diagnostic(host.at, message, 'take one of them out of the inventory or the playbook; --host deploys to one'),
    ];
  });
}

const same = (host: InventoryHost, other: InventoryHost, leads: string) =>
  `${host.name} is the same machine as ${other.name} (${place(other.at)}), since both lead to ${leads}`;

/** There an app is its login's own, and each login may have it in a root of its own. */
const withoutRoot = ({ connection }: HostTarget) => connection.user !== 'root' && connection.become === 'none';
