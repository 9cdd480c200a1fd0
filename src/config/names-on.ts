import type { Inventory } from './inventory/inventory.ts';
import type { Invoker } from './invoker.ts';
import { scope } from './playbook/scope.ts';
import type { Lookup } from './playbook/template.ts';
import type { Pair } from './select.ts';
import { effectiveFields } from './ssh/connection.ts';
import type { Overrides } from './ssh/overrides.ts';

type Of = { readonly inventory: Inventory; readonly invoker: Pick<Invoker, 'user'> };

/** The names of an app on a host as far as the project tells them; the operator's SSH configuration is not asked. */
export function namesOn({ inventory, invoker }: Of, { host, playbook }: Pair, overrides: Overrides = {}): Lookup {
  const loginUser = effectiveFields(inventory, host, overrides).user ?? invoker.user;
  return scope(inventory, host, { ...playbook, app: playbook.name, loginUser });
}
