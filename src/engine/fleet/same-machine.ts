import { stateFolder } from '../../host/layout.ts';
import type { HostFacts } from '../../model/facts.ts';
import type { Failure } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { barrier } from './barrier.ts';

/** Milliseconds: names of one machine answer at about the same time, and for a host that is slow or gone nobody waits longer. */
const PATIENCE = 5_000;

/** One target's part in finding the names that lead to one machine. */
export type Meeting = {
  /** Says what was found there, and waits for those that were begun with it. @returns why it must be left alone */
  readonly alone: (facts: HostFacts) => Promise<Failure | null>;
  /** Called when the host has ended, and nobody needs to wait for it any more. */
  readonly leave: () => void;
};

/**
 * Over a whole run, names that turn out to be one machine: an app would have two transactions on it at once. Of those that
 * begin at once all are left alone; one that comes when another has begun is left alone by itself.
 * @returns for so many hosts that begin at once, the part of each of them
 */
export function meetings(): (hosts: number) => (target: HostTarget) => Meeting {
  const found: Found[] = [];
  return (hosts) => {
    const probed = barrier(hosts);
    return (target) => {
      const part = probed();
      return {
        async alone(facts) {
          found.push({ target, facts });
          await part.arrive(PATIENCE);
          const same = found.filter((one) => isSame(one, { target, facts }));
          return same.length < 2 ? null : { kind: 'same-machine', names: same.map((one) => one.target.host).sort() };
        },
        leave: () => part.leave(true),
      };
    };
  };
}

type Found = { readonly target: HostTarget; readonly facts: HostFacts };

/** Without root an app is its login's own, and two logins may each have theirs. */
const isSame = (a: Found, b: Found): boolean =>
  a.target === b.target ||
  (a.facts.machine !== null &&
    a.facts.machine === b.facts.machine &&
    a.target.app === b.target.app &&
    (a.target.layout.root === b.target.layout.root || stateOf(a) === stateOf(b)));

const stateOf = ({ target, facts }: Found) => stateFolder(target.layout, facts.uid);
