import type { HostName } from '../model/ids.ts';
import { fail, ok, type Result } from '../model/outcome.ts';
import { globPattern, isGlob } from '../util/glob.ts';
import { type Diagnostic, diagnostic, wholeFile } from './diagnostics/diagnostic.ts';
import { suggestion } from './diagnostics/nearest.ts';
import { type Inventory, type InventoryHost, membersOf } from './inventory/inventory.ts';
import type { Playbook } from './playbook/playbook.ts';

/** One of so many parts of a selection, counted from 1. */
export type Shard = { readonly part: number; readonly of: number };

/** What the flags name. `hosts` and `groups` add up, `apps` narrows; nothing at all means everything. */
export type Selection = {
  /** Names, addresses or globs. */
  readonly hosts: readonly string[];
  readonly groups: readonly string[];
  readonly apps: readonly string[];
  readonly all: boolean;
  /** Only this part of all that. `ordered`: hosts are gone through in the order and number that the playbooks say. */
  readonly shard?: Shard & { readonly ordered: boolean };
};

export const EVERYTHING: Selection = { hosts: [], groups: [], apps: [], all: true };

/** One app on one host. */
export type Pair = { readonly host: InventoryHost; readonly playbook: Playbook };

/** The hosts that a selection names, in the inventory's order, whether or not a playbook covers them. */
export function selectHosts(
  inventory: Inventory,
  selection: Selection,
): Result<readonly InventoryHost[], readonly Diagnostic[]> {
  const everyone = [...inventory.hosts.values()];
  if (selection.all && selection.hosts.length + selection.groups.length > 0) {
    return fail([diagnostic(wholeFile('--all'), 'cannot be used together with --host or --group')]);
  }
  if (selection.hosts.length + selection.groups.length === 0) {
    return everyone.length > 0 ? ok(everyone) : fail([diagnostic(wholeFile('inventory'), 'there are no hosts')]);
  }
  const found: Diagnostic[] = [];
  const chosen = new Set<HostName>();
  for (const word of selection.hosts) {
    const matching = everyone.filter(matcher(inventory, word));
    for (const host of matching) chosen.add(host.name);
    if (matching.length > 0) continue;
    const known = everyone.flatMap((host) => [host.name as string, addressOf(inventory, host)]);
    found.push(
      diagnostic(wholeFile('--host'), `no host matches "${word}"`, suggestion(word, [...new Set(known)], 'hosts')),
    );
  }
  for (const word of selection.groups) {
    const matching = isGlob(word) ? groupsLike(inventory, word) : [word];
    const members = matching.flatMap((group) => membersOf(inventory, group));
    for (const host of members) chosen.add(host.name);
    if (members.length > 0) continue;
    const message = inventory.groups.has(word) ? `group "${word}" has no hosts` : `there is no group "${word}"`;
    found.push(diagnostic(wholeFile('--group'), message, suggestion(word, [...inventory.groups.keys()], 'groups')));
  }
  return found.length > 0 ? fail(found) : ok(everyone.filter((host) => chosen.has(host.name)));
}

const addressOf = (inventory: Inventory, host: InventoryHost): string => {
  const levels = [host.fields, ...host.groups.toReversed().map((group) => inventory.groups.get(group)?.fields)];
  return levels.find((level) => level?.address !== undefined)?.address ?? inventory.defaults.address ?? host.name;
};

function matcher(inventory: Inventory, word: string): (host: InventoryHost) => boolean {
  if (!isGlob(word)) return (host) => host.name === word || addressOf(inventory, host) === word;
  const pattern = globPattern(word);
  return (host) => pattern.test(host.name) || pattern.test(addressOf(inventory, host));
}

const groupsLike = (inventory: Inventory, word: string) =>
  [...inventory.groups.keys()].filter((group) => globPattern(word).test(group));

/** Hosts that a playbook names, directly or by a group. */
export const hostsOf = (inventory: Inventory, playbook: Playbook): readonly InventoryHost[] =>
  [...inventory.hosts.values()].filter((host) =>
    playbook.hosts.some(({ name }) => name === host.name || host.groups.includes(name)),
  );

/**
 * The pairs that a selection means, playbook by playbook. Whoever names a host gets work on it or an error: a selected
 * host that no selected playbook covers is never passed over in silence, unless `--app` narrowed a group or a glob.
 */
export function selectPairs(
  inventory: Inventory,
  playbooks: readonly Playbook[],
  selection: Selection,
): Result<readonly Pair[], readonly Diagnostic[]> {
  if (playbooks.length === 0) return fail([diagnostic(wholeFile('playbooks'), 'there are no playbooks')]);
  const names = playbooks.map(({ name }) => name);
  const unknown = selection.apps
    .filter((word) => !playbooks.some(appMatcher(word)))
    .map((word) => diagnostic(wholeFile('--app'), `there is no app "${word}"`, suggestion(word, names, 'apps')));
  const hosts = selectHosts(inventory, selection);
  if (unknown.length > 0 || !hosts.ok) return fail([...unknown, ...(hosts.ok ? [] : hosts.failure)]);

  const apps = playbooks.filter(
    (one) => selection.apps.length === 0 || selection.apps.some((word) => appMatcher(word)(one)),
  );
  const pairs = apps.flatMap((playbook) =>
    hostsOf(inventory, playbook).flatMap((host) => (hosts.value.includes(host) ? [{ host, playbook }] : [])),
  );
  const uncovered = mustBeCovered(inventory, selection, hosts.value, pairs).map((host) => {
    const elsewhere = playbooks.filter((one) => hostsOf(inventory, one).includes(host)).map(({ name }) => name);
    const fix =
      elsewhere.length > 0 ? `its apps: ${elsewhere.join(', ')}` : `add it, or a group of it, to a playbook's "hosts:"`;
    return diagnostic(
      wholeFile('selection'),
      `host "${host.name}" is selected, but no selected playbook covers it`,
      fix,
    );
  });
  if (uncovered.length > 0) return fail(uncovered);
  return pairs.length > 0 ? ok(pairs) : fail([diagnostic(wholeFile('selection'), nothing(selection))]);
}

const appMatcher = (word: string) => (playbook: Playbook) =>
  isGlob(word) ? globPattern(word).test(playbook.name) : playbook.name === word;

function mustBeCovered(
  inventory: Inventory,
  selection: Selection,
  hosts: readonly InventoryHost[],
  pairs: readonly Pair[],
): readonly InventoryHost[] {
  if (selection.hosts.length + selection.groups.length === 0) return [];
  const uncovered = hosts.filter((host) => !pairs.some((pair) => pair.host === host));
  if (selection.apps.length === 0) return uncovered;
  const exact = selection.hosts.filter((word) => !isGlob(word)).map((word) => matcher(inventory, word));
  return uncovered.filter((host) => exact.some((matches) => matches(host)));
}

const nothing = ({ apps }: Selection) =>
  apps.length > 0 ? `no selected host is covered by ${apps.join(', ')}` : 'no playbook covers any host';
