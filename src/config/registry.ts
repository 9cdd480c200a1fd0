import type { AnyCheck } from '../checks/define.ts';
import { CHECKS } from '../checks/index.ts';
import type { AnyTask } from '../tasks/define.ts';
import { TASKS } from '../tasks/index.ts';

/** The kinds of tasks and checks that playbooks may use. */
export type Registry = { readonly tasks: readonly AnyTask[]; readonly checks: readonly AnyCheck[] };

/** Every kind there is. */
export const REGISTRY: Registry = { tasks: TASKS, checks: CHECKS };
