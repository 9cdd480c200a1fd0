import type { HostTarget } from '../model/target.ts';
import type { BoundTask } from '../model/task.ts';
import { directories } from '../tasks/directories.ts';

/**
 * The folders that every app has, as tasks around the playbook's own: the root first, since others build below it, and
 * the data folders last, since their owner may be made by a task. The root belongs to root, so that the app can never
 * steer what root writes there.
 */
export function withLayout(target: HostTarget): readonly BoundTask[] {
  const { layout } = target;
  const owner = layout.user === null ? {} : { owner: layout.user };
  const rootOwner = layout.user === null ? {} : { owner: 'root', group: 'root' };
  const folders = (specs: readonly unknown[], kind: 'folder' | 'data'): BoundTask => {
    const spec = directories.schema.parse(specs);
    return {
      kind: directories.kind,
      secrets: [],
      probe: directories.probe(spec, layout),
      plan(stdout, context) {
        const plan = directories.plan({ spec, local: undefined }, directories.parse(stdout), context);
        const prepare = plan.prepare.map((step) => (step.makes ? { ...step, makes: { ...step.makes, kind } } : step));
        return { ...plan, prepare };
      },
    };
  };
  const root = folders([{ path: layout.root, mode: '0755', ...rootOwner }], 'folder');
  const data = layout.data.map((path) => ({ path: `${layout.root}/${path}`, mode: '0750', ...owner }));
  return [root, ...target.tasks, ...(data.length === 0 ? [] : [folders(data, 'data')])];
}
