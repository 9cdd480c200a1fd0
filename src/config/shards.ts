import { sha256 } from '../model/digest.ts';
import type { HostName } from '../model/ids.ts';
import type { DeployPolicy } from '../model/target.ts';
import { count, list } from '../util/count.ts';
import { type Diagnostic, diagnostic } from './diagnostics/diagnostic.ts';
import type { Playbook } from './playbook/playbook.ts';
import type { Claims } from './rules/exclusive.ts';
import type { Pair, Shard } from './select.ts';

/** The part that each host is in. */
export type Parts = ReadonlyMap<HostName, number>;

/**
 * A host's name alone says which part it is in, whatever else is selected: the runs of one matrix may see an inventory that
 * changes between them, and still none of its hosts is in two parts. Names of one machine go with the first by the alphabet.
 * @param leads where each host's connection leads
 */
export function partsOf(leads: ReadonlyMap<HostName, string>, of: number): Parts {
  const first = new Map<string, HostName>();
  for (const [host, place] of leads) {
    const known = first.get(place);
    if (known === undefined || host < known) first.set(place, host);
  }
  return new Map([...leads].map(([host, place]) => [host, partOf(first.get(place) ?? host, of)]));
}

const partOf = (host: HostName, of: number) => (Number.parseInt(sha256(host).slice(0, 12), 16) % of) + 1;

/** The parts that an app has hosts in, ascending. */
const partsWith = (app: Playbook, pairs: readonly Pair[], parts: Parts): readonly number[] =>
  ascending(pairs.flatMap(({ playbook, host }) => (playbook === app ? (parts.get(host.name) ?? []) : [])));

/** Of all hosts that may be at work at a time, those of one part, so that all parts together are no more. */
export function shareOf(batch: number, app: Playbook, part: number, pairs: readonly Pair[], parts: Parts): number {
  const all = partsWith(app, pairs, parts);
  return Math.max(1, Math.floor(batch / all.length) + (all.indexOf(part) < batch % all.length ? 1 : 0));
}

/** That there is nothing to do in a part, in words. */
export const emptyPart = ({ part, of }: Shard, parts: Parts): string =>
  `--shard ${part}/${of} has no hosts, so nothing is done: the selection (${count(parts.size, 'host')}) is in ${inWords(ascending(parts.values()), of)}`;

const ascending = (parts: Iterable<number>): readonly number[] => [...new Set(parts)].sort((a, b) => a - b);

/** What a playbook says of a whole run, its batch in hosts. */
type RunSpec = Pick<DeployPolicy, 'canary' | 'confirm' | 'batch'>;

/**
 * What the playbooks promise of a whole run and its parts could not keep: none of them knows how the others fare. It is
 * the same for each part, so that none begins where another one would not.
 */
export function brokenByParts(
  pairs: readonly Pair[],
  parts: Parts,
  of: number,
  specs: ReadonlyMap<Playbook, RunSpec>,
  claims: (app: string, host: HostName) => Claims,
): readonly Diagnostic[] {
  return [...specs].flatMap(([app, { canary, confirm, batch }]) => {
    const whole = `run ${app.name} without --shard, in a job of its own with --app ${app.name}`;
    const held = heldApart(app, pairs, parts, claims).map(([name, host]) =>
      diagnostic(
        app.locate(['exclusive']),
        `with --shard ${host} could not wait until hosts of other shards have given up "${name}", which it is to have`,
        whole,
      ),
    );
    const all = partsWith(app, pairs, parts);
    if (all.length < 2) return held;
    const apart = `the hosts of ${app.name} are in ${all.length} shards: ${inWords(all, of)}`;
    const key = (name: string, message: string, fix: string) =>
      diagnostic(app.locate(['deploy', name]), `with --shard ${message}; ${apart}`, fix);
    if (confirm === 'together')
      return [...held, key('confirm', 'no host could wait for all others, as confirm: together says', whole)];
    const early = 'or set canary: 0 and deploy to the canaries by --host in a job before the shards';
    const fewer = `raise batch, or make no more than ${count(batch, 'shard')}`;
    return [
      ...held,
      ...(canary > 0
        ? [key('canary', 'no host could wait for the success of the canaries', `${whole}, ${early}`)]
        : []),
      ...(batch < all.length
        ? [key('batch', `more than ${count(batch, 'host')} would be at work at a time`, fewer)]
        : []),
    ];
  });
}

/** Exclusive names of an app that a host is to have, and that hosts of other parts may have to give up first. */
const heldApart = (
  app: Playbook,
  pairs: readonly Pair[],
  parts: Parts,
  claims: (app: string, host: HostName) => Claims,
): readonly (readonly [name: string, host: HostName])[] =>
  pairs
    .filter(({ playbook }) => playbook === app)
    .flatMap(({ host }) => claims(app.name, host.name).exclusiveOwned.map((name) => [name, host.name] as const))
    .filter(([name, owner]) =>
      pairs.some(
        ({ playbook, host }) =>
          parts.get(host.name) !== parts.get(owner) &&
          claims(playbook.name, host.name).exclusiveReleased.includes(name),
      ),
    );

const inWords = (parts: readonly number[], of: number) =>
  list(
    parts.map((part) => `${part}/${of}`),
    8,
  );
