import type { CheckKind } from '../../checks/define.ts';
import { CHECKS } from '../../checks/index.ts';
import type { TaskKind } from '../../tasks/define.ts';
import { TASKS } from '../../tasks/index.ts';

/** A kind with its types left open: what its schema let through is what it is given. */
type AnyTaskKind = TaskKind<string, unknown, unknown, unknown>;
type AnyCheckKind = CheckKind<string, unknown>;

/** The kinds of tasks and checks that playbooks may use. */
export type Registry = { readonly tasks: readonly AnyTaskKind[]; readonly checks: readonly AnyCheckKind[] };

/** Every kind there is. */
export const REGISTRY: Registry = { tasks: TASKS, checks: CHECKS };
