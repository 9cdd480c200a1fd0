import { PINGS } from '../../notify/index.ts';
import { type Diagnostic, diagnostic, place } from '../diagnostics/diagnostic.ts';
import { suggestion } from '../diagnostics/nearest.ts';
import type { Inventory } from '../inventory/inventory.ts';
import { namesOn } from '../names-on.ts';
import type { Playbook } from '../playbook/playbook.ts';
import { hostsOf } from '../select.ts';

/** What is wrong between files that are each right by themselves. */
export function crossFileRules(
  inventory: Inventory,
  playbooks: readonly Playbook[],
  loginUser: string,
): readonly Diagnostic[] {
  return [
    ...unknownHosts(inventory, playbooks),
    ...unknownChannels(inventory, playbooks),
    ...unknownApps(inventory, playbooks),
    ...sameName(playbooks),
    ...sameRoot(inventory, playbooks, loginUser),
  ];
}

function unknownApps({ maintenance }: Inventory, playbooks: readonly Playbook[]): readonly Diagnostic[] {
  const known = playbooks.map(({ name }) => name);
  return maintenance.flatMap(({ apps = [], at }) =>
    apps
      .filter((app) => !known.includes(app))
      .map((app) =>
        diagnostic(at, `there is no app "${app}", which maintenance names`, suggestion(app, known, 'apps')),
      ),
  );
}

function unknownHosts({ hosts, groups }: Inventory, playbooks: readonly Playbook[]): readonly Diagnostic[] {
  const known = [...hosts.keys(), ...groups.keys()] as readonly string[];
  return playbooks.flatMap((playbook) =>
    playbook.hosts
      .filter(({ name }) => !known.includes(name))
      .map(({ name, at }) => {
        return diagnostic(
          at,
          `no host or group "${name}" in the inventory`,
          suggestion(name, known, 'hosts and groups'),
        );
      }),
  );
}

function unknownChannels({ notifiers }: Inventory, playbooks: readonly Playbook[]): readonly Diagnostic[] {
  const isPing = (name: string) => PINGS.some(({ kind }) => kind === notifiers.get(name)?.kind);
  const channels = [...notifiers.keys()].filter((name) => !isPing(name));
  return playbooks.flatMap(({ notify }) =>
    notify
      .filter(({ channel }) => !channels.includes(channel))
      .map(({ channel, at }) => {
        const fix = suggestion(channel, channels, 'channels') ?? 'define it under "notify:" in the inventory';
        if (!isPing(channel)) return diagnostic(at, `there is no channel "${channel}" in the inventory`, fix);
        const what = `"${channel}" is a ping, which hears of runs of fleet health and of nothing else`;
        return diagnostic(at, what, fix);
      }),
  );
}

function sameName(playbooks: readonly Playbook[]): readonly Diagnostic[] {
  return playbooks.flatMap((playbook, i) => {
    const first = playbooks.slice(0, i).find(({ name }) => name === playbook.name);
    if (first === undefined) return [];
    const why = 'two apps of one name would share their state on a host';
    return [diagnostic(playbook.at, `the app "${playbook.name}" is already defined at ${place(first.at)}`, why)];
  });
}

/** Two apps on one host need folders of their own: a release of one must not lie in the other. */
function sameRoot(inventory: Inventory, playbooks: readonly Playbook[], loginUser: string): readonly Diagnostic[] {
  const found = new Map<Playbook, Diagnostic>();
  for (const host of inventory.hosts.values()) {
    const roots = playbooks.flatMap((playbook) => {
      if (playbook.root === null || !hostsOf(inventory, playbook).includes(host)) return [];
      const root = namesOn({ inventory, invoker: { user: loginUser } }, { host, playbook })('root');
      return root.ok && typeof root.value === 'string' ? [{ playbook, at: playbook.root.at, root: root.value }] : [];
    });
    roots.forEach(({ playbook, at, root }, i) => {
      const other = roots
        .slice(0, i)
        .find((one) => `${one.root}/`.startsWith(`${root}/`) || `${root}/`.startsWith(`${one.root}/`));
      if (other === undefined || found.has(playbook)) return;
      const how = other.root === root ? 'is the root' : 'overlaps the root';
      found.set(
        playbook,
        diagnostic(
          at,
          `${root} ${how} of the app "${other.playbook.name}" on ${host.name} too`,
          `see ${place(other.at)}`,
        ),
      );
    });
  }
  return [...found.values()];
}
