import { z } from 'zod';
import { instanceUnits } from '../../tasks/instances/instances.ts';
import type { KindEntry } from '../one-kind.ts';

const listed = z.object({ enable: z.array(z.string()) });
const instances = z.object({ of: z.string(), names: z.array(z.string()) });

/** The units that a playbook's tasks enable, from their specs alone: nothing is read. */
export const enabledUnits = (tasks: readonly KindEntry[]): readonly string[] =>
  tasks.flatMap(({ kind, spec }) => {
    if (kind === 'units') return listed.safeParse(spec).data?.enable ?? [];
    const made = kind === 'instances' ? instances.safeParse(spec).data : undefined;
    return made === undefined ? [] : instanceUnits(made);
  });
