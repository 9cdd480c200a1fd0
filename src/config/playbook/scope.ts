import { fail, ok } from '../../model/outcome.ts';
import { type Position, place } from '../diagnostics/diagnostic.ts';
import { suggestion } from '../diagnostics/nearest.ts';
import type { Definition, Definitions, Inventory, InventoryHost } from '../inventory/inventory.ts';
import { fillAlone, fillItems, type Lookup } from './template.ts';

/** What the playbook says about the names that only it can define; each may have placeholders of its own. */
export type AppNames = {
  readonly app: string;
  readonly root: Definition | null;
  readonly user: Definition | null;
  readonly loginUser: string;
  readonly vars: Definitions;
};

/**
 * The names of one app on one host: host vars beat group vars, later groups beat earlier ones, and these the playbook's.
 * Each name is filled when it is first asked for, so vars may refer to each other in any order.
 */
export function scope(inventory: Inventory, host: InventoryHost, names: AppNames): Lookup {
  const at: Position = host.at;
  const literal = (text: string): Definition => ({ text, at });
  const definitions = new Map<string, Definition>([
    ...names.vars,
    ...host.groups.flatMap((group) => [...(inventory.groups.get(group)?.vars ?? [])]),
    ...host.vars,
    ['host', literal(host.name)],
    ['app', literal(names.app)],
    ['user', names.user ?? literal(names.loginUser)],
    ['current', literal('{{ root }}/current')],
  ]);
  if (names.root !== null) definitions.set('root', names.root);
  const exact = new Set(['host', 'app', ...(names.user === null ? ['user'] : [])]);
  const filled = new Map<string, ReturnType<Lookup>>();

  const lookup = (name: string, asked: readonly string[]): ReturnType<Lookup> => {
    const known = filled.get(name);
    if (known) return known;
    const definition = definitions.get(name);
    if (definition === undefined) return unknownName(name, [...definitions.keys()]);
    if (asked.includes(name)) return circle([...asked.slice(asked.indexOf(name)), name]);
    const answer = exact.has(name) ? ok(definition.text) : fillDefinition(name, definition, [...asked, name]);
    // What failed in the middle of a circle depends on where the circle was entered, so only successes are kept.
    if (answer.ok) filled.set(name, answer);
    return answer;
  };
  const fillDefinition = (name: string, definition: Definition, asked: readonly string[]): ReturnType<Lookup> => {
    const inner: Lookup = (one) => lookup(one, asked);
    const { text } = definition;
    const result = typeof text === 'string' ? fillAlone(text, inner) : fillItems(text, inner);
    const first = result.ok ? null : result.failure[0];
    if (result.ok || !first) return ok(result.ok ? result.value : definition.text);
    if (first.circle) return fail({ message: first.message, fix: first.fix, circle: true });
    return fail({ message: `${first.message}, in "${name}" at ${place(definition.at)}`, fix: first.fix });
  };
  return (name) => lookup(name, []);
}

const circle = (names: readonly string[]): ReturnType<Lookup> =>
  fail({ message: `vars go in a circle: ${names.join(' → ')}`, fix: null, circle: true });

const unknownName = (name: string, known: readonly string[]): ReturnType<Lookup> =>
  fail({ message: `unknown name "${name}"`, fix: suggestion(name, known, 'known names') });
