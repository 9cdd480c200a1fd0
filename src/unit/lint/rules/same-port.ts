import { listenersOf, portClashes } from '../port-table.ts';
import type { Rule } from '../subject.ts';

/** port-conflict: two services of an app that want the same port. Instances of one template most of all. */
export const samePort: Rule = (subject) => portClashes(listenersOf(null, subject));
