import type { HostName } from '../../model/ids.ts';
import { templateOf } from '../../unit/syntax/name.ts';
import { type Diagnostic, diagnostic } from '../diagnostics/diagnostic.ts';
import { namesOn } from '../names-on.ts';
import { fillPlaybook, type Playbook } from '../playbook/playbook.ts';
import type { Project } from '../project.ts';
import { hostsOf } from '../select.ts';
import type { Overrides } from '../ssh/overrides.ts';
import { enabledUnits } from './enabled-units.ts';

/** The exclusive names of an app on a host: those that it owns there, and those that are for other hosts. */
export type Claims = { readonly exclusiveOwned: readonly string[]; readonly exclusiveReleased: readonly string[] };

type Holder = {
  readonly name: string;
  readonly unit: string;
  readonly host: HostName;
  readonly playbook: Playbook;
  /** Which entry of `exclusive` says so. */
  readonly entry: number;
};

/**
 * Who holds what of the exclusive names, over all hosts of all playbooks that have any, selected or not. Nothing but
 * the playbooks is read. More than one holder is an error, and so is a host for which it cannot be told.
 */
export function exclusiveNames(
  project: Project,
  overrides: Overrides,
): { readonly errors: readonly Diagnostic[]; readonly claims: (app: string, host: HostName) => Claims } {
  const errors: Diagnostic[] = [];
  const holders: Holder[] = [];
  const names = new Map<Playbook, Set<string>>();
  for (const playbook of project.playbooks.filter((one) => one.exclusive)) {
    const known = new Set<string>();
    names.set(playbook, known);
    for (const host of hostsOf(project.inventory, playbook)) {
      const body = fillPlaybook(playbook, project.schema, namesOn(project, { host, playbook }, overrides), host.name);
      if (!body.ok) {
        errors.push(...body.failure);
        continue;
      }
      const enabled = enabledUnits(body.value.tasks);
      for (const [entry, { name, units, when }] of body.value.exclusive.entries()) {
        known.add(name);
        const running = when
          ? enabled.filter((unit) => [unit, templateOf(unit)].some((one) => units.includes(one ?? '')))
          : [];
        for (const unit of running) holders.push({ name, unit, host: host.name, playbook, entry });
      }
    }
  }
  const claims = (app: string, host: HostName): Claims => {
    const own = [...names].flatMap(([playbook, known]) => (playbook.name === app ? [...known] : []));
    const held = (name: string) =>
      holders.some((one) => one.name === name && one.host === host && one.playbook.name === app);
    return { exclusiveOwned: own.filter(held), exclusiveReleased: own.filter((name) => !held(name)) };
  };
  return { errors: [...errors, ...contested(holders)], claims };
}

function contested(holders: readonly Holder[]): readonly Diagnostic[] {
  return [...new Set(holders.map(({ name }) => name))].flatMap((name) => {
    const all = holders.filter((one) => one.name === name);
    const places = [...new Set(all.map(({ unit, host }) => `${unit} on ${host}`))];
    const first = all[0];
    if (first === undefined || places.length < 2) return [];
    const files = [...new Set(all.map(({ playbook }) => playbook.file))];
    const where = files.length > 1 ? ` (by ${files.join(' and ')})` : '';
    return [
      diagnostic(
        first.playbook.locate(['exclusive', first.entry, 'name']),
        `"${name}" is for one unit of one host, and ${places.length} would run it: ${places.join(', ')}${where}`,
        'keep one of them; for the others set "when" to false by a var of the host or group, or take the unit out of "enable"',
      ),
    ];
  });
}
