import type { TaskPlan } from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import type { BoundTask } from '../../model/task.ts';
import { directories } from '../../tasks/directories.ts';
import { mounts } from './mounts.ts';
import { ownership } from './ownership.ts';

/**
 * The folders that every app has, as tasks around the playbook's own: the root first, since others build below it, and
 * the data folders last, since their owner may be made by a task. The root belongs to root, so that the app can never
 * steer what root writes there.
 */
export function withLayout(target: HostTarget): readonly BoundTask[] {
  const { layout } = target;
  const owner = layout.user === null ? {} : { owner: layout.user };
  const rootOwner = layout.user === null ? {} : { owner: 'root', group: 'root' };
  const folders = (kind: 'folder' | 'data', specs: readonly unknown[]): BoundTask => {
    const spec = directories.schema.parse(specs);
    return {
      name: kind,
      secrets: [],
      probe: directories.probe(spec, layout),
      plan(stdout, context) {
        const plan = directories.plan({ spec, local: undefined }, directories.parse(stdout), context);
        return kind === 'data' ? dataPlan(plan) : plan;
      },
    };
  };
  const root = folders('folder', [{ path: layout.root, mode: '0755', ...rootOwner }]);
  const data = layout.data.map((path) => ({ path: `${layout.root}/${path}`, mode: '0750', ...owner }));
  return [
    mounts(layout),
    ownership(target),
    root,
    ...target.tasks,
    ...(data.length === 0 ? [] : [folders('data', data)]),
  ];
}

/** Data folders are made where they are missing; one that is there is the app's, and stays exactly as it is. */
function dataPlan(plan: TaskPlan): TaskPlan {
  const made = plan.prepare.flatMap((step) =>
    step.makes ? [{ ...step, makes: { ...step.makes, kind: 'data' as const } }] : [],
  );
  const different = plan.prepare.filter((step) => !step.makes);
  return {
    ...plan,
    prepare: made,
    warnings: [...plan.warnings, ...different.map(({ title }) => `data is left as it is, so not done: ${title}`)],
  };
}
